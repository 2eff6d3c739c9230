"""Speaking to a running hub through its local socket (`office.hub.control`)."""

from __future__ import annotations

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, ValidationError, convert

from office.errors import OfficeError, Trouble
from office.hub.address import StoreAddress

ANSWER_WITHIN_S: Final = 15.0
QUICK_S: Final = 2.0
"""For what the hub answers by itself, without asking a gate."""

GateFacts = Mapping[str, str]


class TakenFile(Struct, frozen=True):
    """What the hub has taken in."""

    gate: int
    version: str
    signed_by: str


class HubAwayError(OfficeError):
    """No hub answers: it does not run, or it hangs."""

    def __init__(self, text: str) -> None:
        super().__init__(text, Trouble.HUB_AWAY)


class HubControl:
    """The hub behind one socket. Every call may raise ``HubAwayError``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wake(self) -> None:
        """Tell it that its store has changed."""
        self.ask({"command": "wake"}, within_s=QUICK_S)

    def status(self) -> Mapping[int, GateFacts]:
        """What each connected gate last told of itself, by gate id."""
        told = self._told({"command": "status"}, within_s=QUICK_S)
        try:
            return convert(told.get("gates", {}), dict[int, dict[str, str]], strict=False)
        except ValidationError as error:
            raise HubAwayError(f"{self._path}: what answers here is no hub ({error})") from None

    def order(self, gate_id: int, kind: str, arguments: Mapping[str, int | str]) -> None:
        """Have a gate do something, now; raises ``OfficeError`` with the words of hub or gate."""
        self._told({"command": "order", "gate": gate_id, "kind": kind, "arguments": dict(arguments)})

    def propose(self, gate_id: int, mark: str) -> bytes:
        """What waits for the manager at a gate, to be signed; raises ``OfficeError`` if it has changed."""
        told = self._told({"command": "propose", "gate": gate_id, "mark": mark})
        try:
            return b64decode(str(told.get("file", "")), validate=True)
        except ValueError as error:
            raise HubAwayError(f"{self._path}: what answers here is no hub ({error})") from None

    def take(self, data: bytes) -> TakenFile:
        """Hand over what the manager has signed; raises ``OfficeError`` with what is wrong."""
        told = self._told({"command": "take", "file": b64encode(data).decode("ascii")})
        try:
            return convert(told, TakenFile)
        except ValidationError as error:
            raise HubAwayError(f"{self._path}: what answers here is no hub ({error})") from None

    def ask(self, asked: Mapping[str, Any], *, within_s: float = ANSWER_WITHIN_S) -> dict[str, Any]:
        """One question and its answer, as they are."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as client:
            client.settimeout(within_s)
            try:
                client.connect(str(self._path))
                client.sendall(json.dumps(asked).encode() + b"\n")
                with client.makefile("rb") as lines:
                    answer = json.loads(lines.readline() or b"{}")
            except (OSError, ValueError) as error:
                raise HubAwayError(f"{self._path}: no hub answers here ({error})") from None
        return answer if isinstance(answer, dict) else {}

    def _told(self, asked: Mapping[str, Any], *, within_s: float = ANSWER_WITHIN_S) -> dict[str, Any]:
        answer = self.ask(asked, within_s=within_s)
        if not answer.get("ok"):
            raise _refusal(answer)
        return answer


def _refusal(answer: Mapping[str, Any]) -> OfficeError:
    """What the hub says, with the code of its trouble if it is one that this office knows."""
    text, facts = str(answer.get("error", "the hub refused")), answer.get("facts")
    known = {one.value: one for one in Trouble}.get(str(answer.get("trouble")))
    if known is None or not isinstance(facts, dict):
        return OfficeError(text)
    return OfficeError(text, known, **facts)


def default_control(store: StoreAddress) -> Path:
    """Where the hub of a store has its socket unless told otherwise."""
    return store.with_name(f"{store.name}.sock") if isinstance(store, Path) else store.control
