"""The gate page's answers: what is asked of which gate, and what comes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Final

from msgspec import Struct

from scripts.demonstration.whole.acts import CABLE, UnknownActError, act
from scripts.demonstration.whole.gates import WholeGate
from scripts.demonstration.whole.http_server import Answer, RefusedError, Request
from scripts.demonstration.whole.page import DemoCard, GateView, live_part, whole_page
from scripts.demonstration.whole.words import Language
from sync.records import Technology

_STATIC: Final = {
    f"/{name}": (Path(__file__).parent / "static" / name, kind)
    for name, kind in (
        ("page.css", "text/css"),
        ("page.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    )
}
_CARDS: Final = """
SELECT chip.number, place.full_name FROM registry_issue AS issue
JOIN registry_chip AS chip ON chip.id = issue.chip_id
LEFT JOIN registry_place AS place ON place.id = issue.unit_id
WHERE issue.kind = ? AND issue.state = ? AND chip.technology = ? ORDER BY issue.id LIMIT ?
"""
_WANTED: Final = (
    ("resident", "active", 6),
    ("tenant", "active", 2),
    ("vehicle", "active", 3),
    ("guard", "active", 1),
    ("resident", "lost", 2),
    ("resident", "suspended", 1),
)
"""Kind, state, how many are offered."""
UNKNOWN: Final = DemoCard("0BADCA4D", "on no list")
_ENGLISH: Final = "/en"
"""Where the page is in English; Chinese needs no word."""


class Plug(Struct, frozen=True):
    """The end of a gate's cable: is it in, and pull or plug."""

    is_in: Callable[[], bool]
    turn: Callable[[], Awaitable[None]]


class GatePage:
    """Answers for the gates; everything on the loop's own thread."""

    def __init__(
        self,
        gates: Mapping[int, WholeGate],
        plugs: Mapping[int, Plug],
        cards: Callable[[], Sequence[DemoCard]],
        desk: str,
    ) -> None:
        self._gates = gates
        self._plugs = plugs
        self._cards = cards
        self._desk = desk
        self._noticed = dict.fromkeys(gates, "")

    async def answer(self, request: Request) -> Answer:
        """The page, a gate's live part, an act, or a file; raises ``RefusedError``."""
        language, home, path = _language_of(request.path)
        match request.method, path:
            case "GET", "/":
                views = [self._view(one) for one in self._gates.values()]
                return Answer(whole_page(views, [*self._cards(), UNKNOWN], self._desk, language))
            case "GET", path if path in _STATIC:
                file, kind = _STATIC[path]
                return Answer(file.read_text("utf-8"), kind)
            case ("GET" | "POST") as method, path:
                gate = self._gate(path)
                if method == "GET":
                    return Answer(live_part(self._view(gate), language))
                self._noticed[gate.number] = await self._act(gate, request.fields)
                return Answer("", status=HTTPStatus.SEE_OTHER, location=home)
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED)

    async def _act(self, gate: WholeGate, fields: Mapping[str, str]) -> str:
        name = fields.get("act", "")
        if name == CABLE:
            plug = self._plugs[gate.number]
            await plug.turn()
            return "The cable is in." if plug.is_in() else "The cable is pulled out: the gate decides alone."
        try:
            return act(gate.world, name, fields)
        except UnknownActError as error:
            return f"Not possible: {error}."

    def _gate(self, path: str) -> WholeGate:
        for number, gate in self._gates.items():
            if path == f"/gates/{number}":
                return gate
        raise RefusedError(HTTPStatus.NOT_FOUND)

    def _view(self, gate: WholeGate) -> GateView:
        gate.on_time()
        return GateView(
            number=gate.number,
            name=gate.name,
            link=gate.link,
            linked=self._plugs[gate.number].is_in(),
            car=gate.world.car_is_there,
            status=gate.world.gate.status(),
            events=tuple(reversed(gate.events)),
            names=gate.names,
            noticed=self._noticed[gate.number],
        )


def _language_of(path: str) -> tuple[Language, str, str]:
    """The language that an address asks for, its page's address, and the address without it."""
    if path == _ENGLISH or path.startswith(f"{_ENGLISH}/"):
        return Language.ENGLISH, _ENGLISH, path.removeprefix(_ENGLISH) or "/"
    return Language.CHINESE, "/", path


def cards_of(store: Path) -> list[DemoCard]:
    """Some of the estate's cards as they stand now; whose they are is not read."""
    cards = []
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        for kind, state, count in _WANTED:
            rows = database.execute(_CARDS, (kind, state, int(Technology.ISO14443A), count))
            cards += [DemoCard(number, kind, state, place or "") for number, place in rows]
    return cards
