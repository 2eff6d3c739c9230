"""From a reader's event to a decision: the first half of a tap's path, on the gate's loop.

`terminal.outcomes` carries the decision out. A tap that needs a second card waits here,
one that needs a PIN in `terminal.pins`, until a deadline, without holding up anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivers.ports import CardRead, DigitsEntered, ReadFailed
from sync.events import Detail, EventKind
from sync.records import Credential, DoorMode, Grant, Reason, RecordError, Technology, canonical
from terminal.clock import Judged
from terminal.core.companion import Pending, is_over, refuse, second_tap, wait_for_companion
from terminal.core.decision import Decision, decide
from terminal.core.rules import Rules
from terminal.core.situation import NO_PIN, Now, PinEntry, Request, Situation
from terminal.hasher import Hasher
from terminal.memory import Memory
from terminal.outcomes import Outcomes, Place, Tap
from terminal.permissions import Found, Permissions
from terminal.pins import Pins

ANSWER_WITHIN_S = 5.0
"""Nobody stands there for ever: a door that opens behind them lets in somebody else (ours)."""


class Modes(Protocol):
    """What a tap needs to know of the doors' modes."""

    def situation(self, door: int, now: Now) -> tuple[DoorMode, bool]:
        """The door's mode, and whether free access there waits for its first card."""

    def refresh(self) -> None:
        """Something that may change a mode has happened."""


class Taps:
    """Serves every reader of one gate."""

    def __init__(
        self,
        *,
        clock: Callable[[], Judged],
        permissions: Permissions,
        memory: Memory,
        modes: Modes,
        outcomes: Outcomes,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        """``post`` brings what other threads found out to the loop."""
        self._clock = clock
        self._permissions = permissions
        self._memory = memory
        self._modes = modes
        self._outcomes = outcomes
        self.pins = Pins(Hasher(post))
        self._pending: dict[int, tuple[Place, Pending]] = {}

    def read(self, place: Place, event: CardRead | DigitsEntered | ReadFailed) -> None:
        """Serve what a reader delivered."""
        match event:
            case CardRead():
                self._card(place, event)
            case DigitsEntered(digits=digits):
                self._digits(place, digits)
            case ReadFailed():
                self._outcomes.show(place, Reason.FAULT)

    def close(self) -> None:
        """Whose PIN is being compared is let in no more; ends the thread that compares."""
        self.pins.close()

    def refuse_companion(self, door: int, why: str) -> bool:
        """The guard says no to the tap that waits at ``door``; False if none waits."""
        if door not in self._pending:
            return False
        place, pending = self._pending.pop(door)
        now = self._clock().now
        decision = refuse(pending, now)
        if decision is None:
            return False
        tap = Tap(place, pending.request.credential, decision, now, {"why": why})
        self._outcomes.remember(tap, kind=EventKind.COMPANION_REFUSED)
        return True

    def waiting_at(self, door: int) -> Pending | None:
        """The tap that waits for a companion at ``door``."""
        _, pending = self._pending.get(door, (None, None))
        return None if pending is None or is_over(pending, self._clock().now) else pending

    def busy_partners(self, door: int, rules: Rules | None) -> list[int]:
        """Doors of the same airlock that are open, unlocked or about to be: ``door`` must wait."""
        rule = None if rules is None else rules.doors.get(door)
        return [] if rule is None else [one for one in rule.interlocked_with if self._outcomes.is_busy(one)]

    def _card(self, place: Place, card: CardRead) -> None:
        rule = self._permissions.mapping(place.reader)
        try:
            credential = canonical(Technology[card.technology.name], card.number, rule)
            found = self._permissions.look_up(credential)
            if self._permissions.mapping(place.reader) is not rule:
                # Another list since the last tap, and it reads this reader's numbers differently.
                rule = self._permissions.mapping(place.reader)
                credential = canonical(Technology[card.technology.name], card.number, rule)
                found = self._permissions.look_up(credential)
        except RecordError as error:
            # No list can hold such a number: unknown, and the log tells what was wrong with it.
            detail: dict[str, Detail] = {"unreadable": str(error)[:100]}
            decision = Decision(Reason.UNKNOWN_CREDENTIAL)
            self._outcomes.carry_out(Tap(place, None, decision, self._clock().now, detail))
            return
        self.pins.forget(place.reader)
        self._serve(place, Request(credential, place.door, place.direction), found)

    def _digits(self, place: Place, digits: str) -> None:
        typed_at = self._clock().now.monotonic
        credential = self.pins.expected(place.reader, typed_at)
        if credential is None:
            self._digits_alone(place, digits, typed_at)
            return
        found = self._permissions.look_up(credential)
        grants = () if found is None else [one for one in found.records if isinstance(one, Grant)]
        pins = [one.pin for one in grants if one.pin is not None]

        def then(entry: PinEntry | None) -> Reason:
            request = Request(credential, place.door, place.direction, entry or NO_PIN)
            now = self._clock().now
            if entry is None or now.monotonic - typed_at >= ANSWER_WITHIN_S:
                return self._finish(place, request, Decision(Reason.FAULT), now)
            # Looked up anew: what the comparison took may have changed the list.
            return self._serve(place, request, self._permissions.look_up(credential))

        self.pins.compare(credential, pins, digits, typed_at, then)

    def _digits_alone(self, place: Place, digits: str, typed_at: float) -> None:
        """Nobody was asked for a PIN: it is a credential where the list lets it be one, else nothing."""
        self._permissions.look()
        rules = self._permissions.rules
        rule = None if rules is None else rules.doors.get(place.door)
        if rules is None or rules.pin_only is None or rule is None or not rule.opens_by_pin:
            return

        def then(typed: Credential | Reason) -> Reason:
            now = self._clock().now
            if isinstance(typed, Reason) or now.monotonic - typed_at >= ANSWER_WITHIN_S:
                refused = Decision(typed if isinstance(typed, Reason) else Reason.FAULT)
                self._outcomes.carry_out(Tap(place, None, refused, now, {}))
                return refused.reason
            request = Request(typed, place.door, place.direction)
            reason = self._serve(place, request, self._permissions.look_up(typed))
            # To the count of tries, digits that are nobody's are a wrong PIN.
            return Reason.WRONG_PIN if reason is Reason.UNKNOWN_CREDENTIAL else reason

        self.pins.identify(place.reader, rules.pin_only.salt, digits, typed_at, then)

    def _serve(self, place: Place, request: Request, found: Found | None) -> Reason:
        now = self._clock().now
        if found is None:
            return self._finish(place, request, Decision(Reason.FAULT), now)
        situation = self._situation(found, request.door, now)
        if request.door in self._pending:
            first_place, waiting = self._pending[request.door]
            completed = second_tap(waiting, request, found.records, found.rules, situation, now)
            if completed is not None:
                del self._pending[request.door]
                return self._complete(first_place, completed, request.credential, now)
        decision = decide(request, found.records, found.rules, situation, now)
        wait = wait_for_companion(request, decision, found.rules, now)
        if wait is not None:
            self._pending[request.door] = (place, wait)
        if decision.reason is Reason.NEEDS_PIN:
            self.pins.expect(place.reader, request.credential, now.monotonic)
        return self._finish(place, request, decision, now)

    def _complete(self, place: Place, request: Request, companion: Credential, now: Now) -> Reason:
        """The second card came: decide the first anew, so that nothing it rests on is stale."""
        found = self._permissions.look_up(request.credential)
        decision = Decision(Reason.FAULT)
        if found is not None:
            situation = self._situation(found, request.door, now)
            decision = decide(request, found.records, found.rules, situation, now)
        return self._finish(place, request, decision, now, {"companion": companion.key})

    def _situation(self, found: Found, door: int, now: Now) -> Situation:
        mode, awaits_first_card = self._modes.situation(door, now)
        return Situation(
            mode=mode,
            list_age_s=now.earliest - found.confirmed_at,
            interlock_clear=not self.busy_partners(door, found.rules),
            awaits_first_card=awaits_first_card,
            spent=self._memory.spent,
            spends_lost=self._memory.void,
            positions=self._memory.positions,
        )

    def _finish(
        self,
        place: Place,
        request: Request,
        decision: Decision,
        now: Now,
        detail: dict[str, Detail] | None = None,
    ) -> Reason:
        # From a digest in the log the digits could be found; issue and grant say enough.
        shown = None if request.credential.technology is Technology.KEYPAD else request.credential
        self._outcomes.carry_out(Tap(place, shown, decision, now, detail or {}))
        return decision.reason
