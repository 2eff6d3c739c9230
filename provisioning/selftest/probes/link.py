"""The way to the office: questions go there and back, and what was lost or garbled on the way is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from provisioning.selftest.visit import Visit, failed, passed, skipped
from sync.as_built import Check
from terminal.config import LinkKind

ECHOES: Final = 10
MOST_LOST: Final = 0.1
"""A line that loses more than one of ten gets through, and wears everybody's patience."""
MOST_GARBLED: Final = 0.05


def probe(visit: Visit) -> Iterator[Check]:
    """Asked of the sync process, which alone speaks to the office; it must run."""
    kind = visit.config.link.kind
    if kind is LinkKind.NONE:
        yield skipped("link", "this gate is reached by files alone")
        return
    visit.person.say(f"asking the office {ECHOES} times")
    before = visit.sync.ask({"command": "facts"})
    echo = visit.sync.ask({"command": "echo", "count": ECHOES})
    after = visit.sync.ask({"command": "facts"})
    yield _echoes("link.echo", echo)
    if kind is LinkKind.SERIAL:
        yield line("link.line", before.get("line") or {}, after.get("line") or {})


def _echoes(check: str, echo: Mapping[str, Any]) -> Check:
    asked, answered = int(echo["asked"]), int(echo["answered"])
    if not answered:
        return failed(check, f"the office does not answer: {echo.get('link', 'not connected')}")
    told = (
        f"{answered} of {asked} came back; {echo['median_ms']:.0f} ms there and back,"
        f" {echo['worst_ms']:.0f} ms at worst"
    )
    if asked - answered > MOST_LOST * asked:
        return failed(check, f"{told}: look at cable, termination, switch and hub")
    return passed(check, told)


def line(check: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Check:
    """The share of frames that came garbled or had to be sent again between two looks at the counters."""
    if not after:
        return failed(check, "the serial port is not open: look at 'port' and its cable")
    frames, garbled, resent = (
        max(0, int(after.get(name, 0)) - int(before.get(name, 0))) for name in ("frames", "garbled", "resent")
    )
    if not frames:
        return failed(check, "no frame came from the hub: look at the pair, its polarity and 'address'")
    told = f"{frames} frames, {garbled} garbled, {resent} sent again"
    if garbled > MOST_GARBLED * (frames + garbled):
        return failed(check, f"{told}: look at polarity, termination, shielding, and at the other stations")
    return passed(check, told)
