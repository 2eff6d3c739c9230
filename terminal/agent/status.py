"""The gate's health in a few short words for the office: no numbers of cards, no names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from terminal.clock import Judged

MAX_TEXT: Final = 240
MAX_FACTS: Final = 48


def status_facts(gate: Mapping[str, Any], judged: Judged, refusals: Mapping[str, int]) -> dict[str, str]:
    """``gate`` is the answer of the gate process to ``status``; empty while it is away."""
    facts = {"clock": judged.now.clock.name.lower(), "gate": "running" if gate else "away"}
    if gate.get("maintenance", {}).get("open"):
        facts["maintenance"] = "open"
    for name, reader in _each(gate, "readers"):
        facts[f"reader {name}"] = "ok" if reader.get("ok") else f"away: {reader.get('cause', '')}"
    for name, door in _each(gate, "doors"):
        facts[f"door {name}"] = f"{door.get('state')}, {door.get('mode')}, alarm {door.get('alarm')}"
    for name, active in sorted(gate.get("inputs", {}).items()):
        facts[f"input {name}"] = "active" if active else "quiet"
    log = gate.get("log", {})
    if log.get("lost"):
        facts["log lost"] = str(log["lost"])
    if log.get("last_error"):
        facts["log error"] = str(log["last_error"])
    facts |= {f"refused {attack}": str(count) for attack, count in sorted(refusals.items())}
    return {name[:MAX_TEXT]: text[:MAX_TEXT] for name, text in list(facts.items())[:MAX_FACTS]}


def _each(gate: Mapping[str, Any], what: str) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(gate.get(what, {}).items())
