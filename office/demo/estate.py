"""The demonstration estate as the tables that an import reads: what is shown is what an estate would give."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random  # noqa: TID251 - seeded; nothing here is a secret
from typing import Final

from msgspec import Struct

from office.demo import names

ENTRANCES: Final = 2
FLOORS: Final = 18
UNITS_A_FLOOR: Final = 2
UNITS_A_BUILDING: Final = ENTRANCES * FLOORS * UNITS_A_FLOOR
AREAS: Final = ("68.50", "89.00", "98.40", "112.30", "129.99", "130.00", "143.70")
ESTATE_GATES: Final = (("北门", 1), ("南门", 2))
SHOPS: Final = 12
_RELATIONS: Final = ("spouse", "child", "parent", "child", "parent", "sibling", "domestic-worker", "friend")
_SCRAMBLE: Final = 2_654_435_761
"""Odd, so that multiplying by it modulo 2³² gives each chip a number of its own."""


class Plan(Struct, frozen=True):
    """How large, and of which seed."""

    estate_id: str
    households: int
    gates: int
    """The estate's two, then one a building as far as they go."""
    seed: int
    today: date
    time_zone: str

    @property
    def buildings(self) -> int:
        """As many as the households fill."""
        return -(-self.households // UNITS_A_BUILDING)


def write_tables(plan: Plan, directory: Path) -> tuple[Path, ...]:
    """Write estate.toml, places.csv, doors.csv, persons.csv and cards.csv; what an import is given."""
    estate = directory / "estate.toml"
    estate.write_text("\n".join(_estate(plan)), encoding="utf-8")
    tables = {
        "places": _places(plan),
        "doors": _doors(plan),
        "persons": _persons(plan),
        "cards": _cards(plan),
    }
    paths = []
    for name, rows in tables.items():
        path = directory / f"{name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
        paths.append(path)
    return (estate, *paths)


class Household(Struct, frozen=True):
    """Who lives in one unit."""

    number: int
    building: str
    entrance: str
    unit: str
    area: str
    people: tuple[tuple[str, str, str], ...]
    """Name, role, relation to the first."""
    car: bool
    unsigned: bool
    """Nobody has kept the signatures."""

    @property
    def place(self) -> str:
        """As the registry spells it."""
        return f"{self.building} {self.entrance} {self.unit}"


def households(plan: Plan) -> Iterator[Household]:
    """Every household, the same at every call."""
    draw = Random(f"gatehouse demo {plan.seed}")  # noqa: S311 - made-up people, no secrets
    for number in range(plan.households):
        building, place = divmod(number, UNITS_A_BUILDING)
        entrance, place = divmod(place, FLOORS * UNITS_A_FLOOR)
        floor, door = divmod(place, UNITS_A_FLOOR)
        yield Household(
            number,
            f"{building + 1}栋",
            f"{entrance + 1}单元",
            f"{floor + 1}{door + 1:02d}",
            draw.choice(AREAS),
            tuple(_people(draw)),
            draw.random() < 0.5,
            draw.random() < 0.05,
        )


def _people(draw: Random) -> Iterator[tuple[str, str, str]]:
    tenants = draw.random() < 0.08
    first = names.person(draw)
    yield first, "tenant" if tenants else "owner", "self"
    for place in range(draw.choice((0, 1, 1, 2, 2, 3, 4))):
        relation = _RELATIONS[place] if draw.random() < 0.9 else draw.choice(_RELATIONS)
        name = names.child_of(first, draw) if relation == "child" else names.person(draw)
        yield name, "tenant" if tenants else "resident", relation


def _estate(plan: Plan) -> Iterator[str]:
    yield f'[estate]\nid = "{plan.estate_id}"\ntime_zone = "{plan.time_zone}"\n'
    yield '[[schedule]]\nname = "营业时间"\nid = 1\nwindows = ["daily 08:00-22:00"]\n'
    yield f"[[holiday]]\nday = {plan.today.year + 1}-10-01\n"
    for name, gate_id in _gates(plan):
        yield f'[[gate]]\nname = "{name}"\nid = {gate_id}\n'
    for gate, door_id, door, *_ in _door_rows(plan):
        yield f'[[door]]\nname = "{door}"\nid = {door_id}\ngate = "{gate}"\n'


def _gates(plan: Plan) -> list[tuple[str, int]]:
    of_buildings = min(plan.buildings, max(0, plan.gates - len(ESTATE_GATES)))
    return [*ESTATE_GATES, *((f"{one}栋", 100 + one) for one in range(1, of_buildings + 1))]


def _door_rows(plan: Plan) -> Iterator[tuple[str, int, str, str, bool]]:
    """Gate, number, name, place (empty: the estate), for vehicles."""
    for name, gate_id in _gates(plan):
        if gate_id < 100:
            yield name, 10 * gate_id + 1, f"{name}人行", "", False
            yield name, 10 * gate_id + 2, f"{name}道闸", "", True
            continue
        for entrance in range(1, ENTRANCES + 1):
            place = f"{name} {entrance}单元"
            yield name, 10 * gate_id + entrance, f"{place}门", place, False


def _places(plan: Plan) -> Iterator[Sequence[object]]:
    yield "楼栋", "单元", "房号", "商铺", "车库", "建筑面积", "用途"
    for building in range(1, plan.buildings + 1):
        for entrance in range(1, ENTRANCES + 1):
            yield f"{building}栋", f"{entrance}单元", "", "", "", "", ""
    for one in households(plan):
        yield one.building, one.entrance, one.unit, "", "", one.area, "住宅"
    for number in range(1, SHOPS + 1):
        yield "商业街", "", "", f"{number}号铺", "", "45.00", "商业"
    yield "地下", "", "", "", "1号车库", "", ""


def _doors(plan: Plan) -> Iterator[Sequence[object]]:
    yield "门", "服务范围", "车辆", "放行出口"
    for gate, _, door, place, vehicles in _door_rows(plan):
        yield door, place, "是" if vehicles else "否", "是" if vehicles and gate == "南门" else "否"


def _persons(plan: Plan) -> Iterator[Sequence[object]]:
    yield "编号", "姓名", "电话", "房产", "身份", "入住日期"
    number = 0
    for one in households(plan):
        for place, (name, role, _relation) in enumerate(one.people):
            number += 1
            since = date(2012, 1, 1) + timedelta(days=(one.number * 37 + place) % 4_000)
            yield person_number(one, place), name, names.phone(number), one.place, role, since.isoformat()


def _cards(plan: Plan) -> Iterator[Sequence[object]]:
    yield "卡号", "卡面号", "卡种", "编号", "车牌", "停车到期", "房产", "关系", "签收日期", "失效日期"
    number, ends = 0, plan.today + timedelta(days=200)
    for one in households(plan):
        signed = "" if one.unsigned else "2024-03-01"
        for place, (_name, role, relation) in enumerate(one.people):
            number += 1
            tenant = role == "tenant"
            kind, until = ("租户卡", ends.isoformat()) if tenant else ("住户卡", "")
            head = (chip(number), f"No.{number:06d}", kind, person_number(one, place))
            yield *head, "", "", one.place, "" if tenant else relation, signed, until
        if one.car:
            number += 1
            keeper = person_number(one, 0)
            until = (plan.today + timedelta(days=400)).isoformat()
            head = (chip(number), f"No.{number:06d}", "车辆卡", keeper)
            yield *head, names.plate(one.number), until, one.place, "", signed, ""


def person_number(household: Household, place: int) -> str:
    """The number in the former system."""
    return f"P{household.number:06d}{place}"


def chip(number: int) -> str:
    """A chip's number: three in five have 4 bytes, the others 7, as a mixed stock has."""
    scrambled = number * _SCRAMBLE % (1 << 32)
    return f"{scrambled:08X}" if number % 5 < 3 else f"04{scrambled:08X}{number % (1 << 16):04X}"
