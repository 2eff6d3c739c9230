"""What has changed at a gate since the last visit: two as-built files compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from sync.as_built import AsBuilt

_NONE: Final = "nothing"


class Difference(Struct, frozen=True):
    """One thing that is not as it was."""

    what: str
    before: str
    after: str


def differences(before: AsBuilt, after: AsBuilt) -> tuple[Difference, ...]:
    """Everything that differs between two visits to one gate, the gate itself first, then parts and checks.

    Of a check its result counts: what it measured differs from visit to visit.
    """
    return (
        *_compared(_gate(before), _gate(after)),
        *_compared(_parts(before), _parts(after)),
        *_compared(_results(before), _results(after)),
    )


def _compared(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for what in sorted(before.keys() | after.keys()):
        was, now = before.get(what, _NONE), after.get(what, _NONE)
        if was != now:
            yield Difference(what, was, now)


def _parts(built: AsBuilt) -> dict[str, str]:
    return {f"part {one.name}": one.what for one in built.parts}


def _results(built: AsBuilt) -> dict[str, str]:
    return {f"check {one.name}": one.result.value for one in built.checks}


def _gate(built: AsBuilt) -> dict[str, str]:
    return {
        "name": built.name,
        "software": built.software,
        "machine": built.machine,
        "configuration": built.config_digest.hex()[:16],
        "hardware": "simulated" if built.simulated else "real",
    }
