"""What a gate says of itself, as the picture of it is drawn from."""

from __future__ import annotations

from typing import Any

DOOR = {"contact": "closed", "mode": "normal", "alarm": "none"}


def status(
    *, fire: bool = False, mains: bool = False, outputs: Any = None, boom: str = "closed", **door: Any
) -> dict[str, Any]:
    """A gate at rest, but for what is given."""
    return {
        "list": {"version": "1.1"},
        "doors": {
            "pedestrian": DOOR | {"unlocked": False, "state": "closed"} | door,
            "barrier": DOOR | {"contact": None, "state": boom, "loop": "clear"},
        },
        "inputs": {"fire": fire, "mains": mains},
        "outputs": outputs,
    }
