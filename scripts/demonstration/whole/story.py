"""The fourth part: a card from the desk's web pages to both gates, and its loss, with receipts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from scripts.demonstration.cards import Card
from scripts.demonstration.told import NotAsToldError, until
from scripts.demonstration.whole.browser import Browser, PageError
from scripts.demonstration.whole.gates import WholeGate
from scripts.demonstration.whole.office_process import Office
from scripts.demonstration.world import PEDESTRIAN_IN
from terminal import clock

STREET: Final = "1栋 1单元"
"""Where a household is looked for that may have another card."""
MOST_UNITS: Final = 20
APPLY: Final = r"/applications/$"
CHIP: Final = Card("the new card", bytes.fromhex("04C0FFEE012345"), "")
FIRST_LIST_WITHIN_S: Final = 40.0
CHANGED_WITHIN_S: Final = 15.0
_SECOND: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"

Say = Callable[[str], None]


class DeskStory:
    """Plays it; ``wait`` lets so many seconds pass."""

    def __init__(
        self,
        office: Office,
        gates: Mapping[int, WholeGate],
        desk: Browser,
        say: Say,
        wait: Callable[[float], None],
    ) -> None:
        self._office = office
        self._gates = gates
        self._desk = desk
        self._say = say
        self._wait = wait
        self._card = ""
        """Address of the card's page."""

    def play(self) -> bool:
        """Whether everything came out as told."""
        chapters = (
            ("Both gates come to the office and get the estate's lists", self._lists_arrive),
            ("A clerk issues a card at the desk: application, fee, chip, signature", self._issue),
            ("The card opens both gates", self._opens),
            (
                "Reported lost at the desk, it is refused at both; KH-14 shows since when",
                self._lose,
            ),
        )
        for title, chapter in chapters:
            self._say(f"\n    {title}")
            try:
                chapter()
            except (NotAsToldError, PageError) as error:
                self._say(f"    FAILED: {error}")
                return False
            self._say("    ok")
        return True

    def _lists_arrive(self) -> None:
        began = clock.monotonic()
        for number, gate in self._gates.items():
            self._until(f"{gate.name} is in sync", partial(self._in_sync, number), FIRST_LIST_WITHIN_S)
            self._say(f"    {gate.name}, {gate.link}: in sync after {clock.monotonic() - began:.1f} s")

    def _issue(self) -> None:
        desk = self._desk
        desk.open("/login/")
        desk.submit("/login/", {"username": "clerk", "password": self._office.accounts["clerk"]})
        self._tapped("unknown_credential")
        self._apply()
        desk.follow(r"^/cards/\d+/$")
        self._card = desk.page.address
        desk.submit("/pay/$", {"method": "cash", "receipt": "DEMO-1"})
        desk.submit("/chip/$", {"number": CHIP.number.hex(), "printed": "DEMO-1"})
        desk.submit("/sign/$", {"kind": "paper"})
        self._say(f"    > {desk.page.address}: {CHIP.number.hex().upper()} is signed for")

    def _apply(self) -> None:
        """Form KH-03-R04, for the first household whose quota has room."""
        desk = self._desk
        found = desk.open(f"/find/?{urlencode({'q': STREET})}")
        units = [one for one in found.links if re.search(r"/places/\d+/$", one)]
        for unit in units[:MOST_UNITS]:
            desk.open(unit)
            if not any(one.endswith("/apply/") for one in desk.page.links):
                continue  # a building or an entrance
            desk.follow("/apply/$")
            applicant = desk.form(APPLY).fields.get("applicant", "")
            wish = {"holder": applicant, f"relation-{applicant}": "self"}
            if applicant and re.search(r"/applications/\d+/$", desk.submit(APPLY, wish).address):
                return
        raise NotAsToldError(f"none of {len(units)} households may have another card")

    def _opens(self) -> None:
        self._until("both gates accept the card", self._accepted, CHANGED_WITHIN_S)
        self._tapped("granted")

    def _lose(self) -> None:
        began = clock.monotonic()
        self._desk.open(self._card)
        self._desk.submit("/report/$", {"kind": "lost"})
        case = self._desk.page.address
        self._say(f"    > {case}: reported lost")
        self._until("both gates have refused it", partial(self._receipts, case), CHANGED_WITHIN_S)
        self._say(f"    both receipts after {clock.monotonic() - began:.1f} s")
        self._tapped("lost")

    def _accepted(self) -> bool:
        """Whether the card's page says so of both gates."""
        return self._desk.open(f"{self._card}gates/").text.count(" accepts ") == len(self._gates)

    def _receipts(self, case: str) -> bool:
        """Whether the record KH-14-R02 has a receipt of each gate, with the second."""
        _, _, receipts = self._desk.open(case).text.partition("(KH-14-R02)")
        return len(re.findall(_SECOND, receipts)) >= len(self._gates) and "not confirmed" not in receipts

    def _in_sync(self, number: int) -> bool:
        return self._office.in_sync(number, clock.read().system_ms // 1000)

    def _tapped(self, reason: str) -> None:
        """Hold the card to both gates' readers."""
        for gate in self._gates.values():
            gate.on_time()
            gate.events.clear()
            gate.world.tap(CHIP, PEDESTRIAN_IN)
            self._until(f"a tap at {gate.name} is logged", partial(_has_tap, gate), CHANGED_WITHIN_S)
            found = next(one["reason"] for one in gate.events if _is_tap(one))
            if found != reason:
                raise NotAsToldError(f"the card at {gate.name}: expected {reason}, came {found}")
            self._say(f"    {gate.name}: {found}")

    def _until(self, what: str, check: Callable[[], bool], within_s: float) -> None:
        until(what, check, within_s, self._wait)


def _has_tap(gate: WholeGate) -> bool:
    gate.on_time()
    return any(_is_tap(one) for one in gate.events)


def _is_tap(event: Mapping[str, Any]) -> bool:
    return event["kind"] == "tap" and event.get("credential") == CHIP.text
