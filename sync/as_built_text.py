"""An as-built file as a page of text: for a console, and to print, sign and keep in the gate's box."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sync.as_built import AsBuilt, Result

_PART_COLUMN: Final = 28
_CHECK_COLUMN: Final = 34


def as_built_text(built: AsBuilt) -> str:
    """The whole page; every check that failed stands once more at its top."""
    lines = [
        f"AS BUILT   {built.name}: gate {built.gate_id} of estate {built.estate_id.hex()}",
        f"made       {_time(built)}",
        f"software   {built.software}",
        f"machine    {built.machine}",
        f"settings   SHA-256 {built.config_digest.hex()}",
        f"visit      maintenance mode {'was open' if built.maintenance else 'was not open'}",
        f"outcome    {', '.join(f'{built.count(one)} {one.value}' for one in Result)}",
    ]
    if built.simulated:
        lines.append("           SIMULATED: this proves no wiring")
    failed = [one for one in built.checks if one.result is Result.FAILED]
    if failed:
        lines += ["", "TO BE MENDED", *(f"  {one.name}: {one.text}" for one in failed)]
    lines += ["", "PARTS", *(f"  {one.name:<{_PART_COLUMN}} {one.what}" for one in built.parts)]
    lines += ["", "CHECKS"]
    lines += [f"  {one.result.value:<8}{one.name:<{_CHECK_COLUMN}} {one.text}" for one in built.checks]
    return "\n".join([*lines, "", "technician ____________________    date ____________________"])


def _time(built: AsBuilt) -> str:
    if built.made_at is None:
        return "at a time that the gate did not know"
    made = datetime.fromtimestamp(built.made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{made} (clock {built.clock.name.lower()})"
