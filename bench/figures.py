"""What a bench answers with: named figures, each beside the bound it must keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from msgspec import Struct


class Spread(Struct, frozen=True):
    """A sample in five numbers, in the unit of its figure."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, sample: Iterable[float]) -> Spread:
        """The spread of a sample that is not empty; percentiles by nearest rank."""
        ordered = sorted(sample)
        return cls(len(ordered), median(ordered), _rank(ordered, 0.95), _rank(ordered, 0.99), ordered[-1])


class Figure(Struct, frozen=True):
    """One measured number; ``spread`` shows the sample it was taken from."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    """The most it may be; ``None`` for a number that is only told."""
    spread: Spread | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the bound is kept; ``None`` without one."""
        return None if self.bound is None else self.value <= self.bound

    def fields(self) -> dict[str, Any]:
        """The figure as JSON has it."""
        spread = self.spread
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "bound": self.bound,
            "ok": self.ok,
            "n": 1 if spread is None else spread.n,
            **({} if spread is None else {"p50": spread.p50, "p95": spread.p95}),
            **({} if spread is None else {"p99": spread.p99, "max": spread.max}),
        }


def p99(name: str, sample: Sequence[float], unit: str, bound: float | None = None) -> Figure:
    """The 99th percentile of a sample."""
    spread = Spread.of(sample)
    return Figure(name, spread.p99, unit, bound, spread)


def middle(name: str, sample: Sequence[float], unit: str, bound: float | None = None) -> Figure:
    """The median of a sample."""
    spread = Spread.of(sample)
    return Figure(name, spread.p50, unit, bound, spread)


def table(bench: str, figures: Iterable[Figure]) -> str:
    """The figures of one bench for a person."""
    rows = [("figure", "value", "bound", "", "n", "p50", "p95", "p99", "max"), *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([f"\n{bench}", *(f"  {line.rstrip()}" for line in lines)])


def _row(figure: Figure) -> tuple[str, ...]:
    spread = figure.spread
    sample: tuple[str, ...] = ("",) * 5
    if spread is not None:
        sample = (str(spread.n), *map(_short, (spread.p50, spread.p95, spread.p99, spread.max)))
    bound = "" if figure.bound is None else f"<= {_short(figure.bound)}"
    verdict = {None: "", True: "ok", False: "MISSED"}[figure.ok]
    return (figure.name, f"{_short(figure.value)} {figure.unit}".strip(), bound, verdict, *sample)


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
