"""The office's orders: verified, each carried out once at most, answered whatever became of it.

An order is one request on the gate process's local socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sync.messages import Message, OrderAnswer, Refused
from sync.records import DoorMode
from sync.statements.authority import Authority
from sync.statements.order import Order, verify_order
from sync.statements.order_kinds import OrderKind
from sync.statements.refusal import StatementError

Request = dict[str, Any]
Ask = Callable[[Request, Callable[[dict[str, Any]], None]], None]
MAX_ANSWER: Final = 240


class UnknownDoorError(ValueError):
    """The order names a door which this gate does not have."""


class OrderDesk:
    """Takes the orders of one session."""

    def __init__(
        self,
        session_nonce: bytes,
        doors: Mapping[int, str],
        *,
        ask: Ask,
        monotonic: Callable[[], float],
        say: Callable[[Message], None],
        count: Callable[[str], None],
    ) -> None:
        """``doors`` are the gate process's names by id; ``ask`` asks that process."""
        self._nonce = session_nonce
        self._doors = doors
        self._ask = ask
        self._monotonic = monotonic
        self._say = say
        self._count = count
        self._last_counter = 0

    def take(self, signed: bytes, authority: Authority, *, floor: int) -> None:
        """Have an order carried out, or say why not."""
        received_at = self._monotonic()
        try:
            order = verify_order(
                signed, authority, session_nonce=self._nonce, last_counter=self._last_counter, floor=floor
            )
        except StatementError as error:
            self._count(error.attack)
            self._say(Refused(error.attack, str(error)[:MAX_ANSWER]))
            return
        self._last_counter = order.counter

        def done(answer: dict[str, Any]) -> None:
            ok = answer.get("ok") is True
            late = not ok and self._monotonic() > received_at + order.valid_s
            text = "the gate process did not answer in time" if late else str(answer.get("error", ""))
            self._say(OrderAnswer(order.counter, ok, text[:MAX_ANSWER]))

        try:
            asked = request(order, self._doors)
        except UnknownDoorError as error:
            done({"ok": False, "error": str(error)})
        else:
            self._ask({**asked, "valid_s": order.valid_s}, done)


def request(order: Order, doors: Mapping[int, str]) -> Request:
    """What to ask of the gate process; ``doors`` are its names by id.

    Raises:
        UnknownDoorError: the gate has no such door.
    """
    given: Request = {name: value for name, value in order.arguments.items() if name not in ("door", "mode")}
    if "door" in order.arguments:
        given["door"] = _door(order.arguments["door"], doors)
    if "mode" in order.arguments:
        given["mode"] = DoorMode(int(order.arguments["mode"])).name.lower()
    return {"command": _COMMANDS[order.kind], **given}


def _door(number: int | str, doors: Mapping[int, str]) -> str:
    name = doors.get(int(number))
    if name is None:
        known = ", ".join(f"{one} ({doors[one]})" for one in sorted(doors))
        raise UnknownDoorError(f"this gate has no door {number}; it has {known}")
    return name


_COMMANDS: Final = {
    OrderKind.OPEN: "open",
    OrderKind.MODE: "mode",
    OrderKind.BLINK: "blink",
    OrderKind.RESTART_READER: "restart_reader",
    OrderKind.FIRE_RESET: "fire_reset",
    OrderKind.FORGIVE: "forgive",
    OrderKind.MAINTENANCE: "maintenance",
}
