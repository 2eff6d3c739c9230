"""Each row judged: the record it stands for, or why it is left out. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from msgspec import Struct

from office.exchange.cells import Row, day_begins, day_is_over
from office.exchange.columns import TableKind
from office.exchange.known import Known, PlaceFact
from office.exchange.problems import Flaw, Remark
from office.registry.models import CardKind, IssueState, MemberRole, PlaceKind, UnitUse
from sync.records import Credential, Technology

LEVELS: Final = (
    ("phase", PlaceKind.PHASE),
    ("building", PlaceKind.BUILDING),
    ("entrance", PlaceKind.ENTRANCE),
)
_LEAVES: Final = (("unit", PlaceKind.UNIT), ("shop", PlaceKind.SHOP), ("garage", PlaceKind.GARAGE))
NAME: Final = 60


class NewPlace(Struct, frozen=True):
    """A place with those around it, outermost first."""

    levels: tuple[tuple[PlaceKind, str], ...]
    area: Decimal | None
    use: str

    @property
    def full_name(self) -> str:
        """As the registry spells it."""
        return " ".join(name for _, name in self.levels)


class DoorWord(Struct, frozen=True):
    """What a door serves."""

    door: str
    place: str | None
    for_vehicles: bool
    exit_for_slips: bool


class NewMember(Struct, frozen=True):
    """A person in a unit."""

    number: str
    name: str
    phone: str
    identity: str
    place: str
    role: str
    since: date
    until: date | None


class NewCard(Struct, frozen=True):
    """A card with its chip."""

    chip: Credential
    printed: str
    kind: str
    state: str
    number: str
    """Former number of its holder, or of the vehicle's keeper."""
    plate: str
    parking_until: date | None
    place: str
    relation: str
    signed_on: date | None
    valid_from: datetime | None
    valid_until: datetime | None


Record = NewPlace | DoorWord | NewMember | NewCard


def _choices(members: type[TextChoices], chinese: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({one: one for one in members.values} | dict(chinese))


_USES: Final = _choices(UnitUse, {"住宅": "residential", "商业": "commercial"})
_ROLES: Final = _choices(MemberRole, {"业主": "owner", "住户": "resident", "租户": "tenant"})
_KINDS: Final = _choices(
    CardKind,
    {
        "住户卡": "resident",
        "租户卡": "tenant",
        "车辆卡": "vehicle",
        "临时卡": "temporary",
        "员工卡": "staff",
        "保安卡": "guard",
        "商户卡": "merchant",
        "施工卡": "contractor",
    },
)
_STATES: Final = MappingProxyType(
    {
        "active": IssueState.ACTIVE.value,
        "正常": IssueState.ACTIVE.value,
        "lost": IssueState.LOST.value,
        "挂失": IssueState.LOST.value,
        "withdrawn": IssueState.WITHDRAWN.value,
        "注销": IssueState.WITHDRAWN.value,
    }
)
_TECHNOLOGIES: Final = MappingProxyType(
    {one.name.lower(): one.name for one in Technology if one not in {Technology.CODE, Technology.KEYPAD}}
    | {"ic": Technology.ISO14443A.name, "id": Technology.EM4100.name}
)


class Relations(Struct, frozen=True):
    """The estate's table of relations."""

    codes: Mapping[str, str]
    """By each word that people write."""
    direct: frozenset[str]


class Judge:
    """Judges rows in the order of the tables; remembers what they bring."""

    def __init__(
        self, known: Known, zone: ZoneInfo, today: date, relations: Relations, *, has_clerk: bool
    ) -> None:
        """``has_clerk``: somebody answers for open cases that are taken over."""
        self.known = known
        self.already = 0
        """Rows that say what the registry has."""
        self._zone = zone
        self._today = today
        self._relations = relations
        self._has_clerk = has_clerk

    def place(self, row: Row) -> NewPlace | None:
        """A unit, shop or garage with what is around it; or a building alone."""
        levels = [(kind, name) for field, kind in LEVELS if (name := row.text(field, NAME))]
        leaves = [(kind, name) for field, kind in _LEAVES if (name := row.text(field, NAME))]
        if not row.text("building", NAME, needed=True) or len(leaves) > 1:
            if len(leaves) > 1:
                row.refuse("shop", Flaw.NOT_A_CHOICE, value=leaves[1][1], choices="unit, shop, garage")
            return None
        area = row.area("floor_area_m2")
        if leaves and leaves[0][0] is PlaceKind.UNIT and area is None and not row.refused:
            row.refuse("floor_area_m2", Flaw.MISSING)
        made = NewPlace((*levels, *leaves), area, row.choice("use", _USES, ""))
        if row.refused:
            return None
        known = self.known.places.get(made.full_name)
        if known is not None:
            if known.row is not None:
                row.refuse("unit", Flaw.PLACE_TWICE, other=known.row)
            elif area is not None and known.area != area:
                row.remark("floor_area_m2", Remark.AREA_DIFFERS, value=known.area)
            self.already += known.row is None
            return None
        for end in range(1, len(made.levels)):
            around = " ".join(name for _, name in made.levels[:end])
            self.known.places.setdefault(around, PlaceFact(made.levels[end - 1][0], None, None))
        self.known.places[made.full_name] = PlaceFact(made.levels[-1][0], area, row.number)
        return made

    def door(self, row: Row) -> DoorWord | None:
        """What a door serves."""
        door = row.text("door", NAME, needed=True)
        place = self._place(row, needed=False)
        if door and door not in self.known.doors:
            row.refuse("door", Flaw.NO_SUCH_DOOR, value=door)
        word = DoorWord(door, place or None, row.flag("for_vehicles"), row.flag("exit_for_slips"))
        return None if row.refused else word

    def person(self, row: Row) -> NewMember | None:
        """A person in a unit; a second row with the same number is the same person in another."""
        number, name = row.text("person", 40, needed=True), row.text("name", 200, needed=True)
        since, until = row.day("since"), row.day("until")
        if since is None:
            since = min(self._today, until - timedelta(days=1)) if until else self._today
        if until is not None and until <= since:
            row.refuse("until", Flaw.ENDS_TOO_EARLY)
        known = self.known.persons.get(number)
        if number and known is not None and known[0] != name:
            row.refuse("person", Flaw.NAME_DIFFERS, other=known[1] or "-")
        member = NewMember(
            number,
            name,
            row.text("phone", 40),
            row.text("identity", 40),
            self._place(row),
            row.choice("role", _ROLES, MemberRole.RESIDENT),
            since,
            until,
        )
        if row.refused:
            return None
        self.known.persons.setdefault(number, (name, row.number))
        return member

    def card(self, row: Row) -> NewCard | None:
        """A card with its chip."""
        technology = Technology[row.choice("technology", _TECHNOLOGIES, Technology.ISO14443A.name)]
        chip = row.chip("chip", technology)
        kind = row.choice("kind", _KINDS, CardKind.RESIDENT)
        number = row.text("person", 40, needed=True)
        if number and number not in self.known.persons:
            row.refuse("person", Flaw.NO_SUCH_PERSON, value=number)
        plate = row.text("plate", 20, needed=kind == CardKind.VEHICLE)
        place = self._place(row)
        starts, ends = row.day("valid_from"), row.day("valid_until")
        if starts and ends and ends < starts:
            row.refuse("valid_until", Flaw.ENDS_TOO_EARLY)
        printed, parking = row.text("printed", 40), row.day("parking_until")
        state = row.choice("state", _STATES, IssueState.ACTIVE)
        signed, relation = row.day("signed_on"), row.choice("relation", self._relations.codes, "")
        if chip is None or row.refused or not self._is_new(row, chip, kind, number, plate, place, state):
            return None
        self._remark(row, kind, place, state, relation, signed)
        return NewCard(
            chip,
            printed,
            kind,
            state,
            number,
            plate if kind == CardKind.VEHICLE else "",
            parking,
            place,
            relation,
            signed,
            day_begins(starts, self._zone) if starts else None,
            day_is_over(ends, self._zone) if ends else None,
        )

    def _is_new(
        self, row: Row, chip: Credential, kind: str, number: str, plate: str, place: str, state: str
    ) -> bool:
        who = plate if kind == CardKind.VEHICLE else number
        if state == IssueState.WITHDRAWN:
            known = (chip.key, who) in self.known.ended
            self.already += known
            return not known
        running = self.known.running.get(chip.key)
        if running is not None:
            if running.batch and running.who == who:
                self.already += 1
            else:
                row.refuse("chip", Flaw.CHIP_IN_USE)
            return False
        other = self.known.chips.setdefault(chip.key, row.number)
        if other != row.number:
            row.refuse("chip", Flaw.CHIP_TWICE, other=other)
        elif (twin := self.known.alike(chip)) is not None:
            row.refuse("chip", Flaw.CHIPS_ALIKE, other=Credential.from_key(twin).number.hex().upper())
        if state == IssueState.LOST and not self._has_clerk:
            row.refuse("state", Flaw.NO_CLERK)
        if kind == CardKind.VEHICLE and self.known.vehicles.setdefault(plate, (place, number)) != (
            place,
            number,
        ):
            row.refuse("plate", Flaw.PLATE_ELSEWHERE)
        return not row.refused

    def _remark(
        self, row: Row, kind: str, place: str, state: str, relation: str, signed: date | None
    ) -> None:
        if signed is None:
            row.remark("signed_on", Remark.NO_SIGNATURE)
        if kind != CardKind.RESIDENT:
            return
        if not relation:
            row.remark("relation", Remark.NO_RELATION)
        if state != IssueState.WITHDRAWN:
            household = self.known.households[place]
            direct = relation in self._relations.direct
            household.direct += direct
            household.others += not direct
            household.last = (row.place, row.number)

    def _place(self, row: Row, *, needed: bool = True) -> str:
        found = " ".join(row.text("place", 400, needed=needed).replace("/", " ").split())
        if found and found not in self.known.places:
            row.refuse("place", Flaw.NO_SUCH_PLACE, value=found)
        return found


JUDGES: Final[Mapping[TableKind, Callable[[Judge, Row], Record | None]]] = {
    TableKind.PLACES: Judge.place,
    TableKind.DOORS: Judge.door,
    TableKind.PERSONS: Judge.person,
    TableKind.CARDS: Judge.card,
}
