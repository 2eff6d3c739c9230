"""The whole of what a session allows, in one place: who may say what in which state, and where it leads.

Blind to what messages contain; `sync.session` obeys it and docs/protocol.md is written from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Final

from msgspec import Struct

from sync.messages import Kind, Role


@unique
class State(Enum):
    """Where a session is, seen from one end."""

    GREETING = "greeting"
    """Our hello is out; the other end's has not come."""
    OPEN = "open"
    CLOSED = "closed"
    """Ended in order: somebody said goodbye, or the stream ended."""
    FAILED = "failed"
    """The other end broke the protocol or fell silent. Nothing leads out of here."""


@unique
class Happening(Enum):
    """What moves a session from one state to another."""

    GREETED = "the other end's hello fits"
    LEFT = "goodbye was said by either end"
    ENDED = "the stream ended"
    SILENT = "no message within the time allowed"
    VIOLATED = "a message that is malformed or not allowed now"


class Rule(Struct, frozen=True):
    """Who may send a kind of message, and in which state of the sender."""

    senders: frozenset[Role]
    state: State


OTHER_END: Final = {Role.GATE: Role.OFFICE, Role.OFFICE: Role.GATE}
_BOTH: Final = frozenset(Role)
_GATE: Final = frozenset({Role.GATE})
_OFFICE: Final = frozenset({Role.OFFICE})

RULES: Final[Mapping[Kind, Rule]] = {
    Kind.HELLO: Rule(_BOTH, State.GREETING),
    Kind.BYE: Rule(_BOTH, State.OPEN),
    Kind.UNKNOWN: Rule(_BOTH, State.OPEN),
    Kind.PULSE: Rule(_GATE, State.OPEN),
    Kind.PULSE_ANSWER: Rule(_OFFICE, State.OPEN),
    Kind.STATUS: Rule(_GATE, State.OPEN),
    Kind.UPDATE: Rule(_OFFICE, State.OPEN),
    Kind.TRANSFER: Rule(_OFFICE, State.OPEN),
    Kind.PIECE: Rule(_OFFICE, State.OPEN),
    Kind.TAKEN: Rule(_GATE, State.OPEN),
    Kind.RECEIPT: Rule(_GATE, State.OPEN),
    Kind.REFUSED: Rule(_GATE, State.OPEN),
    Kind.WANT_SNAPSHOT: Rule(_GATE, State.OPEN),
    Kind.LOG_FROM: Rule(_OFFICE, State.OPEN),
    Kind.LOG_EPOCH: Rule(_GATE, State.OPEN),
    Kind.LOG_BATCH: Rule(_GATE, State.OPEN),
    Kind.LOG_STORED: Rule(_OFFICE, State.OPEN),
    Kind.ORDER: Rule(_OFFICE, State.OPEN),
    Kind.ORDER_ANSWER: Rule(_GATE, State.OPEN),
    Kind.FLOOR: Rule(_OFFICE, State.OPEN),
    Kind.FLOOR_TAKEN: Rule(_GATE, State.OPEN),
}

MOVES: Final[Mapping[tuple[State, Happening], State]] = {
    (State.GREETING, Happening.GREETED): State.OPEN,
    (State.GREETING, Happening.LEFT): State.CLOSED,
    (State.GREETING, Happening.ENDED): State.CLOSED,
    (State.GREETING, Happening.SILENT): State.FAILED,
    (State.GREETING, Happening.VIOLATED): State.FAILED,
    (State.OPEN, Happening.LEFT): State.CLOSED,
    (State.OPEN, Happening.ENDED): State.CLOSED,
    (State.OPEN, Happening.SILENT): State.FAILED,
    (State.OPEN, Happening.VIOLATED): State.FAILED,
}
"""From any other pair no move leads: an ended session stays ended."""


def may_send(kind: Kind, role: Role, state: State) -> bool:
    """Whether this end may send a message of this kind now; goodbye is always possible until the end."""
    rule = RULES[kind]
    if kind is Kind.BYE:
        return state in (State.GREETING, State.OPEN)
    return role in rule.senders and state is rule.state


def may_come(kind: Kind, sender: Role, state: State) -> bool:
    """Whether a message of this kind may come from ``sender`` while the receiving end is in ``state``."""
    rule = RULES[kind]
    if kind is Kind.BYE:
        return state in (State.GREETING, State.OPEN)
    return sender in rule.senders and state is rule.state
