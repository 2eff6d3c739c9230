"""The second part of the story: the office and its gates agree, over TLS and over a pair of wires."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from scripts.demonstration.told import NotAsToldError, until
from scripts.demonstration.two_gates import EAST, GATE_IDS, WEST, TwoGates
from sync.events import Event, EventKind
from terminal import clock
from terminal.stores.usage_reader import UsageReader

LOST_CARD: Final = "04A10001"
OTHER_CARD: Final = "04A10002"
FIRST_LIST_WITHIN_S: Final = 30.0
"""Over the pair: the handshake and the list at 9600 baud."""
REVOKED_WITHIN_S: Final = 10.0

Say = Callable[[str], None]


class OfficeStory:
    """Plays the second part; ``wait`` lets so many seconds pass."""

    def __init__(self, office: TwoGates, say: Say, wait: Callable[[float], None]) -> None:
        self._office = office
        self._say = say
        self._wait = wait
        self._passed = 0

    def play(self) -> bool:
        """Whether everything came out as told."""
        chapters = (
            ("The gates come to the office and get their lists", self._lists_arrive),
            ("The resident's card opens both gates", self._card_opens),
            ("A revocation typed at the office is refused at both gates, while taps go on", self._revoke),
            ("The office opens a door from afar, with operator and reason", self._order),
            ("The usage log of both gates is at the office, complete", self._log_is_there),
        )
        for title, chapter in chapters:
            self._say(f"\n    {title}")
            try:
                chapter()
            except NotAsToldError as error:
                self._say(f"    FAILED: {error}")
                return False
            self._say("    ok")
        return True

    def _lists_arrive(self) -> None:
        began = clock.monotonic()
        for name, way in ((EAST, "TLS over the network"), (WEST, "9600 baud on a pair of wires")):
            self._until(f"{name} is in sync", partial(self._is_in_sync, name), FIRST_LIST_WITHIN_S)
            self._say(f"    {name}, {way}: in sync after {clock.monotonic() - began:.1f} s")

    def _card_opens(self) -> None:
        for name in GATE_IDS:
            self._tapped(name, LOST_CARD, "granted")

    def _revoke(self) -> None:
        began = clock.monotonic()
        self._office.office("revoke", str(self._office.store), "--card", LOST_CARD, "--reason", "lost")
        self._say(f"    > office hub revoke --card {LOST_CARD} --reason lost")
        for name in GATE_IDS:
            self._until(f"{name} confirmed", partial(self._confirmed, name), REVOKED_WITHIN_S)
            self._say(f"    {name}: receipt after {clock.monotonic() - began:.1f} s")
        for name in GATE_IDS:
            self._tapped(name, LOST_CARD, "lost")
        self._say(f"    {self._passed} taps of the other card opened meanwhile")
        if not self._passed:
            raise NotAsToldError("no other card was tapped while the revocation was on its way")

    def _order(self) -> None:
        words = ("order", str(self._office.store), "open", "--gate", "1", "--door", "1")
        self._office.office(*words, "--operator", "17", "--reason", "parcel")
        self._until("the opening is logged", self._was_opened, REVOKED_WITHIN_S)
        self._say("    east: remote_opened by operator 17, parcel")

    def _was_opened(self) -> bool:
        event = self._newest(EAST, EventKind.REMOTE_OPENED)
        return event is not None and event.detail == {"operator": "17", "reason": "parcel"}

    def _log_is_there(self) -> None:
        for name, number in GATE_IDS.items():
            with UsageReader(self._office.gates[name].config.terminal_dir) as log:
                last = log.head().last.number
            self._until(
                f"{last} events of {name} are stored",
                partial(self._has_events, name, last),
                FIRST_LIST_WITHIN_S,
            )
            self._say(f"    {name}: the office has all {last} events of gate {number}")

    def _tapped(self, name: str, card: str, reason: str) -> None:
        before = self._count(name)
        self._office.gates[name].tap(card)
        self._until(f"a tap at {name} is logged", lambda: self._count(name) > before, REVOKED_WITHIN_S)
        event = self._newest(name, EventKind.TAP)
        found = None if event is None or event.reason is None else event.reason.name.lower()
        if found != reason:
            raise NotAsToldError(f"{card} at {name}: expected {reason}, came {found}")
        self._say(f"    {name}: {card} {found}")

    def _until(self, what: str, check: Callable[[], bool], within_s: float) -> None:
        until(what, check, within_s, self._wait)

    def _is_in_sync(self, name: str) -> bool:
        report = self._office.office("report", str(self._office.store))
        gate: dict[str, Any] = report[f"gate {GATE_IDS[name]} {name}"]
        return bool(gate["state"] == "in_sync")

    def _confirmed(self, name: str) -> bool:
        for other in GATE_IDS:
            self._tapped(other, OTHER_CARD, "granted")
            self._passed += 1
        report = self._office.office("report", str(self._office.store), "--card", LOST_CARD)
        gate: dict[str, Any] = report[f"gate {GATE_IDS[name]}, grant 101"]
        return gate["since"] is not None and gate["is"] == "refused as lost"

    def _count(self, name: str) -> int:
        with UsageReader(self._office.gates[name].config.terminal_dir) as log:
            return sum(one.kind is EventKind.TAP for one in _events(log))

    def _newest(self, name: str, kind: EventKind) -> Event | None:
        with UsageReader(self._office.gates[name].config.terminal_dir) as log:
            found = [one for one in _events(log) if one.kind is kind]
        return found[-1] if found else None

    def _has_events(self, name: str, last: int) -> bool:
        """Whether the office has told the gate that it has them."""
        with UsageReader(self._office.gates[name].config.terminal_dir) as log:
            return log.head().header.acknowledged >= last


def _events(log: UsageReader) -> list[Event]:
    return [one.content for one in log.read_after(0, 1_000) if isinstance(one.content, Event)]
