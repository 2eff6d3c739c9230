"""Whether two ends that said hello are meant for each other."""

from __future__ import annotations

from sync.messages import Bye, Hello


def find_misfit(mine: Hello, theirs: Hello) -> Bye | None:
    """The goodbye to say to an end that does not fit, by the name of what is wrong; ``None`` if it fits."""
    if theirs.role is mine.role:
        return Bye("wrong_role", f"both ends say that they are {mine.role.name}")
    if theirs.estate_id != mine.estate_id:
        return Bye("wrong_estate", "the other end belongs to another estate")
    if theirs.gate_id != mine.gate_id:
        return Bye("wrong_gate", f"the other end speaks of gate {theirs.gate_id}, not {mine.gate_id}")
    if not set(theirs.versions) & set(mine.versions):
        return Bye("unsupported_version", f"no common protocol version with {list(theirs.versions)[:8]}")
    return None
