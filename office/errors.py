"""The error a person at the office sees: what is wrong, where, and the cure."""

from __future__ import annotations

from enum import Enum, unique


@unique
class Trouble(Enum):
    """What a step at the desk may meet at the gates; `office.desk.refusals` has the words."""

    AT_NO_GATE = "at_no_gate"
    NOTHING_TO_DECIDE = "nothing_to_decide"
    RECEIPT_AWAITED = "receipt_awaited"
    LEFT_WRONG = "left_wrong"
    AT_THAT_GATE = "at_that_gate"
    ENDED_AT_GATE = "ended_at_gate"
    GATE_STRUCK_OFF = "gate_struck_off"
    GATE_WITHOUT_LIST = "gate_without_list"
    DOOR_NOT_THERE = "door_not_there"
    CHIPS_ALIKE = "chips_alike"
    SETTINGS_WRONG = "settings_wrong"
    TREE_TOO_DEEP = "tree_too_deep"
    NO_HOLDER = "no_holder"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_CONNECTED = "not_connected"
    NO_ANSWER = "no_answer"
    GATE_REFUSES = "gate_refuses"
    ORDER_WRONG = "order_wrong"
    HUB_AWAY = "hub_away"
    NOT_SIGNED = "not_signed"
    FILE_REFUSED = "file_refused"
    NO_FONT = "no_font"


class OfficeError(Exception):
    """A request or a file that cannot be followed as it is; nothing was written.

    The text is for whoever gave a command. A page has words of its own for a ``trouble`` and its
    ``facts``: numbers, names of gates and doors, never a person's data.
    """

    def __init__(self, text: str = "", trouble: Trouble | None = None, /, **facts: object) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.facts = facts
