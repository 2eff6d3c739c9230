"""What the gate's side says to one OSDP reader, when, and what it believes of the answers."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from drivers.feed import Feed
from drivers.indicator import Pattern
from drivers.ports import ALIVE_EVERY_S, HealthChanged, ReaderEvent, TamperChanged
from drivers.readers import _osdp_wire as wire
from drivers.readers._keypad import Entry
from drivers.readers._osdp_link import Exchange, Link
from drivers.readers._osdp_port import Port
from drivers.readers._wiegand_formats import Format

POLL_S: Final = 0.052
"""libosdp asks a quiet reader every 50 ms."""
NEXT_S: Final = 0.005
"""Until the next packet of a reader that has more to say: longer than others wait for the bus."""
STEP_S: Final = 0.02
"""Between two looks at a libosdp that has nothing to send yet."""
TURN_AGAIN_S: Final = 0.004
"""Between two tries for the bus while another reader has it."""
TURN_WITHIN_S: Final = 3.0
"""Nobody keeps a bus so long but a program that took the port for itself."""
MAX_MISSED: Final = 3
"""Unanswered packets until a reader that was there counts as gone, about 2 s."""
STALL_S: Final = 1.5
"""libosdp waits at most 0.8 s between two packets, unless the wall clock was set back."""
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 10.0
"""An absent reader is asked so often: 0.2 s of the bus, and found as soon after it came."""
INSTALL_WITHIN_S: Final = 600.0

ABSENT: Final = "the reader does not answer; check cable, power, 'address' and 'baud'"
WRONG_KEY: Final = (
    "the reader answers, but not by our key: correct 'key'; "
    "a reader fresh from the factory needs 'install_mode'"
)
INSTALLING: Final = (
    f"install mode: for {INSTALL_WITHIN_S:.0f} s a reader with the factory key is taken and given ours"
)
KEY_GIVEN: Final = "install mode: the reader had the factory key and is given ours"
INSTALL_OVER: Final = (
    f"install mode is over: no reader took our key within {INSTALL_WITHIN_S:.0f} s; restart it"
)
BROKEN_OFF: Final = "the reader broke off the talk; begun anew"
TAKEN: Final = "another program keeps the port to itself; stop it"


class _Unsaid(Struct):
    """Commands not yet sent. What stands and what passes wait apart: a new one replaces its like alone."""

    asked: list[wire.Command] = []
    standing: list[wire.Command] = []
    passing: list[wire.Command] = []

    def take(self) -> wire.Command | None:
        """The next one; what stands goes before what passes over it."""
        waiting = self.asked or self.standing or self.passing
        return waiting.pop(0) if waiting else None

    def __bool__(self) -> bool:
        return bool(self.asked or self.standing or self.passing)


class Talk:
    """The body of a reader's thread. Ends when the reader's feed is closed."""

    def __init__(
        self,
        link: Link,
        clock: Callable[[], float],
        feed: Feed[ReaderEvent],
        wishes: Feed[Pattern | None],
        *,
        formats: Sequence[Format],
        install_mode: bool,
    ) -> None:
        self.alive_at = clock()
        self._link = link
        self._clock = clock
        self._feed = feed
        self._wishes = wishes
        self._formats = tuple(formats)
        self._installs_until = clock() + INSTALL_WITHIN_S if install_mode else None
        self._health: HealthChanged | None = None
        self._entry = Entry()
        self._tampered = False
        self._told: wire.Command | None = None
        self._refused: set[int] = set()
        """Commands that this reader does not take; libosdp drops the session of one that refuses."""
        self._unsaid = _Unsaid()
        self._missed = 0
        self._ever_answered = False
        self._is_there = False
        self._retry_s = FIRST_RETRY_S
        self._sent_at = self._due_at = clock()

    def run(self, port: Port) -> None:
        """Talk until closed.

        Raises:
            DriverUnavailableError: the port is gone.
        """
        if self._installs_until is not None:
            self._report(False, INSTALLING)
        asked_at: float | None = None
        try:
            while not self._feed.is_closed:
                now = self.alive_at = self._clock()
                self._on_time(now)
                if now < self._due_at:
                    self._wait(min(self._due_at - now, ALIVE_EVERY_S / 2))
                elif port.take_turn():
                    asked_at = None
                    self._turn(port)
                else:
                    asked_at = asked_at or now
                    if now - asked_at > TURN_WITHIN_S:
                        self._report(False, TAKEN)
                    self._wait(TURN_AGAIN_S)
        finally:
            self._link.end()

    def _wait(self, seconds: float) -> None:
        select.select([self._wishes], [], [], seconds)
        for wish in self._wishes.take():
            if not self._is_there:
                continue  # shown later it would tell of another tap
            able = {"led": self._link.has_led, "buzzer": self._link.has_buzzer}
            told = wire.dark(**able) if wish is None else wire.commands(wish, **able)
            told = [one for one in told if one["command"] not in self._refused]
            if wish is None or wish.repeats:
                self._unsaid.standing = told
            else:
                self._unsaid.passing = told
            self._due_at = self._clock()

    def _turn(self, port: Port) -> None:
        self._told = None
        try:
            if not self._link.is_begun:
                self._link.begin(port, secure_only=self._installs_until is None)
                self._missed, self._ever_answered = 0, False
                self._sent_at = self._clock()
            elif self._is_there and self._link.is_up:
                self._told = self._unsaid.take()
                if self._told is not None:
                    self._link.submit(self._told)
            was_up = self._link.is_up
            exchange = self._link.exchange(port)
        finally:
            port.end_turn()
        self._judge(exchange, was_up=was_up)

    def _judge(self, exchange: Exchange, *, was_up: bool) -> None:
        now = self._clock()
        if exchange.sent:
            self._sent_at = now
            self._missed = 0 if exchange.answered else self._missed + 1
            self._ever_answered |= exchange.answered
        if exchange.uses_factory_key:
            self._report(False, KEY_GIVEN)
        if not exchange.sent and now - self._sent_at > STALL_S:
            self._stalled(now, was_up=was_up)
        elif self._missed:
            self._due_at = now + STEP_S
            if exchange.sent and self._missed >= (MAX_MISSED if self._is_there else 1):
                self._ever_answered = False
                self._away(now, ABSENT)
        elif self._link.is_up:
            self._due_at = now + (POLL_S if exchange.sent else STEP_S)
            self._is_up(now, fresh=not was_up or not self._is_there)
            self._take(exchange.events, now)
        elif was_up or self._link.is_in_the_clear:
            self._broken_off(now, BROKEN_OFF if was_up else WRONG_KEY)
        else:
            self._due_at = now + (NEXT_S if exchange.sent else STEP_S)

    def _stalled(self, now: float, *, was_up: bool) -> None:
        """libosdp has nothing to say: it gave the reader up, or its clock was set back."""
        if was_up and not self._missed:
            self._is_there = False
            self._link.begin_session_anew()
            self._sent_at = self._due_at = now
        else:
            self._broken_off(now, WRONG_KEY if self._ever_answered else ABSENT)

    def _broken_off(self, now: float, cause: str) -> None:
        if self._told is not None:
            self._refused.add(self._told["command"])
        self._away(now, cause)
        self._link.begin_session_anew()
        self._ever_answered = False

    def _is_up(self, now: float, *, fresh: bool) -> None:
        if self._installs_until is not None:
            self._installs_until = None
            self._link.enforce()
        self._is_there = True
        self._retry_s = FIRST_RETRY_S
        self._report(True, "")
        if fresh and wire.CMD_STATUS not in self._refused:
            self._unsaid.asked = [wire.ask_status()]
        if self._unsaid:
            self._due_at = now + NEXT_S

    def _away(self, now: float, cause: str) -> None:
        self._is_there = False
        self._unsaid = _Unsaid()
        if self._installs_until is None:
            self._report(False, cause)
        self._due_at = now + self._retry_s
        self._sent_at = self._due_at
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    def _take(self, events: Sequence[dict[str, Any]], now: float) -> None:
        for event in events:
            match event["event"]:
                case wire.EVENT_CARD:
                    self._feed.put(wire.card(event, self._formats, now))
                case wire.EVENT_KEYS:
                    for key in wire.keys(event["data"]):
                        if (entered := self._entry.press(key, now)) is not None:
                            self._feed.put(entered)
                case wire.EVENT_STATUS:
                    self._tamper(wire.is_tampered(event), now)

    def _tamper(self, tampered: bool | None, now: float) -> None:
        if tampered is not None and tampered is not self._tampered:
            self._tampered = tampered
            self._feed.put(TamperChanged(tampered, now))

    def _on_time(self, now: float) -> None:
        if (entered := self._entry.on_time(now)) is not None:
            self._feed.put(entered)
        if self._installs_until is not None and now >= self._installs_until:
            self._installs_until = None
            self._link.end()
            self._due_at = now
            self._report(False, INSTALL_OVER)

    def _report(self, ok: bool, cause: str) -> None:
        health = HealthChanged(ok, cause)
        if health != self._health:
            self._health = health
            self._feed.put(health)
