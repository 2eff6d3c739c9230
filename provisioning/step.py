"""What a step of the set-up is: it can look, do, prove and take back its one concern."""

from __future__ import annotations

from enum import Enum, unique
from typing import Protocol

from msgspec import Struct

from provisioning.visit import Visit
from terminal.counts import count_of


@unique
class Condition(Enum):
    """How a step stands."""

    DONE = "done"
    TO_DO = "to do"
    CANNOT = "cannot"
    """It is needed and cannot be done here; nothing is touched until the reason is gone."""
    NOT_NEEDED = "not needed"


class State(Struct, frozen=True):
    """How a step stands, and why."""

    condition: Condition
    reason: str
    """For a person: what is there, or what hinders it and the cure."""
    changes: tuple[str, ...] = ()
    """What `apply` would change, a line each."""

    @property
    def at_rest(self) -> bool:
        """Nothing needs doing."""
        return self.condition in (Condition.DONE, Condition.NOT_NEEDED)


class Step(Protocol):
    """One concern of the set-up. A step keeps nothing between calls: everything stands on the machine."""

    @property
    def name(self) -> str:
        """Its name in journal and output, never changed once released."""

    @property
    def title(self) -> str:
        """What it is for, for the technician."""

    @property
    def holds_state(self) -> bool:
        """The gate's state hangs on it: undone only when that is removed too."""

    def check(self, visit: Visit) -> State:
        """Look at files only, touch nothing."""

    def apply(self, visit: Visit) -> None:
        """Do it; after a power cut in the middle, do the rest. Raises ``ProvisioningError``."""

    def verify(self, visit: Visit) -> State:
        """Prove it, on a running machine also by what the machine says."""

    def undo(self, visit: Visit) -> list[str]:
        """Take it back; a line for each thing that stays, and why. Raises ``ProvisioningError``."""


def done(reason: str = "as it should be") -> State:
    """Nothing to do."""
    return State(Condition.DONE, reason)


def not_needed(reason: str) -> State:
    """This gate does not need it."""
    return State(Condition.NOT_NEEDED, reason)


def cannot(reason: str) -> State:
    """It cannot be done here, and why."""
    return State(Condition.CANNOT, reason)


def to_do(changes: list[str] | tuple[str, ...]) -> State:
    """There is something to do."""
    return State(Condition.TO_DO, count_of(len(changes), "change"), tuple(changes))
