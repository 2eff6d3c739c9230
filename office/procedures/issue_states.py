"""The life of an issue: which step leads from which state to which, by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Final

from office.procedures.errors import Refused, RuleError


@unique
class State(Enum):
    """How far an issue has come."""

    APPLIED = "applied"
    PAID = "paid"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    DAMAGED = "damaged"
    FOUND = "found"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    COLLECTED = "collected"


@unique
class Step(Enum):
    """What may happen to an issue; the value is its rule."""

    PAY = "13.5"
    SIGN = "13.6"
    ACTIVATE = "14.9"
    """After the signature (13.6 says the same of a first card)."""
    SUSPEND = "14.suspend"
    LIFT = "14.lift"
    REPORT_LOST = "14.3"
    REPORT_DAMAGED = "14.3.damaged"
    FIND = "14.found"
    RESTORE = "14.restore"
    """A found card opens again, after the desk reviewer."""
    REPLACE = "14.7"
    WITHDRAW = "13.3"
    """A permanent card ends only by a decision."""
    COLLECT = "14.5"


STEPS: Final[Mapping[tuple[State, Step], State]] = {
    (State.APPLIED, Step.PAY): State.PAID,
    (State.APPLIED, Step.WITHDRAW): State.WITHDRAWN,
    (State.PAID, Step.SIGN): State.SIGNED,
    (State.PAID, Step.WITHDRAW): State.WITHDRAWN,
    (State.SIGNED, Step.ACTIVATE): State.ACTIVE,
    (State.ACTIVE, Step.SUSPEND): State.SUSPENDED,
    (State.ACTIVE, Step.REPORT_LOST): State.LOST,
    (State.ACTIVE, Step.REPORT_DAMAGED): State.DAMAGED,
    (State.ACTIVE, Step.WITHDRAW): State.WITHDRAWN,
    (State.SUSPENDED, Step.LIFT): State.ACTIVE,
    (State.SUSPENDED, Step.REPORT_LOST): State.LOST,
    (State.SUSPENDED, Step.REPORT_DAMAGED): State.DAMAGED,
    (State.SUSPENDED, Step.WITHDRAW): State.WITHDRAWN,
    (State.LOST, Step.FIND): State.FOUND,
    (State.LOST, Step.REPLACE): State.REPLACED,
    (State.LOST, Step.WITHDRAW): State.WITHDRAWN,
    (State.DAMAGED, Step.REPLACE): State.REPLACED,
    (State.DAMAGED, Step.WITHDRAW): State.WITHDRAWN,
    (State.FOUND, Step.RESTORE): State.ACTIVE,
    (State.FOUND, Step.REPORT_LOST): State.LOST,
    (State.FOUND, Step.WITHDRAW): State.WITHDRAWN,
    (State.WITHDRAWN, Step.COLLECT): State.COLLECTED,
    (State.REPLACED, Step.COLLECT): State.COLLECTED,
}
"""What is not here is refused. A withdrawn or replaced card stays dead whatever is found later (14.5)."""

TAKEN_OVER: Final = "13.legacy"
"""Rule of the steps that an import writes: the signature as it was, the state as it was found."""
OPENS: Final = frozenset({State.ACTIVE})
"""In no other state does a card open anything."""
COUNTS: Final = frozenset(State) - {State.WITHDRAWN, State.REPLACED, State.COLLECTED}
"""States in which a card counts for the quota (13.4), lost ones with an open case included."""


def after(state: State, step: Step) -> State:
    """The state to which a step leads.

    Raises:
        RuleError: this step does not follow here.
    """
    following = STEPS.get((state, step))
    if following is None:
        raise RuleError(step.value, Refused.WRONG_STATE, state=state.value, step=step.name.lower())
    return following
