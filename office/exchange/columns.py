"""The tables that are taken in: their columns, by the headings people write over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct


class TableKind(StrEnum):
    """What a row stands for, in the order in which tables are taken in."""

    PLACES = "places"
    DOORS = "doors"
    PERSONS = "persons"
    CARDS = "cards"


HEADINGS: Final[Mapping[TableKind, Mapping[str, tuple[str, ...]]]] = {
    TableKind.PLACES: {
        "phase": ("期", "期数"),
        "building": ("楼栋", "栋", "楼号"),
        "entrance": ("单元",),
        "unit": ("房号", "室", "房间号"),
        "shop": ("商铺", "店铺"),
        "garage": ("车库",),
        "floor_area_m2": ("建筑面积", "面积"),
        "use": ("用途",),
    },
    TableKind.DOORS: {
        "door": ("门", "门名称"),
        "place": ("服务范围", "位置"),
        "for_vehicles": ("车辆", "行车"),
        "exit_for_slips": ("放行出口",),
    },
    TableKind.PERSONS: {
        "person": ("编号", "人员编号"),
        "name": ("姓名",),
        "phone": ("电话", "手机", "联系电话"),
        "identity": ("证件号", "身份证号"),
        "place": ("房产", "住址", "地址"),
        "role": ("身份", "住户类型"),
        "since": ("入住日期", "开始日期"),
        "until": ("迁出日期", "结束日期"),
    },
    TableKind.CARDS: {
        "chip": ("卡号", "芯片号"),
        "technology": ("芯片类型", "卡类型"),
        "printed": ("卡面号", "印刷号"),
        "kind": ("卡种", "卡类别"),
        "person": ("编号", "持卡人编号", "人员编号"),
        "plate": ("车牌", "车牌号"),
        "parking_until": ("停车到期",),
        "place": ("房产", "住址", "地址"),
        "relation": ("关系", "与申请人关系"),
        "state": ("状态",),
        "signed_on": ("签收日期",),
        "valid_from": ("生效日期",),
        "valid_until": ("失效日期", "有效期至"),
    },
}
"""English headings are the keys themselves."""
REQUIRED: Final[Mapping[TableKind, tuple[str, ...]]] = {
    TableKind.PLACES: ("building",),
    TableKind.DOORS: ("door",),
    TableKind.PERSONS: ("person", "name", "place"),
    TableKind.CARDS: ("chip", "place"),
}
_TELLS: Final = (
    (TableKind.CARDS, "chip"),
    (TableKind.DOORS, "door"),
    (TableKind.PERSONS, "name"),
    (TableKind.PLACES, "building"),
)
"""A table is known by a column that only it has."""


class Header(Struct, frozen=True):
    """What the first row says."""

    kind: TableKind
    columns: tuple[str | None, ...]
    """Key of each column; ``None``: not taken in."""
    unknown: tuple[str, ...]
    """Headings that nobody knows."""
    twice: tuple[str, ...]
    missing: tuple[str, ...]


def read_header(cells: Sequence[object]) -> Header | None:
    """Which table this is; ``None`` if it is none of ours."""
    texts = ["" if one is None else str(one).strip() for one in cells]
    for kind, tell in _TELLS:
        known = {word: key for key, words in HEADINGS[kind].items() for word in (key, *words)}
        columns = [known.get(one.lower().replace(" ", "_")) for one in texts]
        if tell in columns:
            named = [one for one in columns if one is not None]
            return Header(
                kind,
                tuple(columns),
                tuple(text for text, column in zip(texts, columns, strict=True) if text and column is None),
                tuple(sorted({one for one in named if named.count(one) > 1})),
                tuple(one for one in REQUIRED[kind] if one not in named),
            )
    return None
