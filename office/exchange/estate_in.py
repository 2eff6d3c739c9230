"""An estate file's gates, doors, schedules, holidays and policies into the registry; names become places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings
from django.db import transaction
from django.utils.translation import gettext as _

from office.errors import OfficeError
from office.estate_file import EstateFile, load_estate
from office.hub.facts import Gate, LinkKind
from office.lists.store import hub_store
from office.lists.wanted import publish_settings
from office.registry.models import Door, EstateRules, GateSite, Holiday, Place, Schedule

Tables = Mapping[str, Any]
_HEAD: Final = frozenset(("name", "id", "gate"))


def read_estate(path: Path, estate_id: bytes) -> EstateFile:
    """The file, judged as a whole.

    Raises:
        OfficeError: table, row, key and the cure; or it is of another estate or time zone.
    """
    estate = load_estate(path)
    if estate.estate_id != estate_id:
        raise OfficeError(
            _(
                "%(file)s: is of estate %(theirs)s, this office of %(ours)s; make the office with the id of"
                " the file"
            )
            % {"file": path.name, "theirs": estate.estate_id.hex(), "ours": estate_id.hex()}
        )
    if estate.zone.key != django_settings.TIME_ZONE:
        raise OfficeError(
            _("%(file)s: time_zone is %(theirs)s, the office's %(ours)s; correct one of them")
            % {"file": path.name, "theirs": estate.zone.key, "ours": django_settings.TIME_ZONE}
        )
    return estate


def doors_of(estate: EstateFile) -> list[str]:
    """Names of the file's doors."""
    return [door for gate in estate.gates.values() for door in gate.doors]


def serving(name: str, places: Iterable[str]) -> str | None:
    """The place that a gate's or door's name begins with; ``None``: none, so the whole estate."""
    words = name.replace("/", " ").split()
    found = (one for one in places if one and words[: len(one.split())] == one.split())
    return max(found, key=len, default=None)


@transaction.atomic
def take_in_estate(path: Path, at: datetime) -> int:
    """Write a file that ``read_estate`` let pass, and publish the gates' settings; how many gates.

    Rows that are there are brought up to date by their ids. Cards and outages are left out: a card needs a
    holder, an outage a cause and somebody who was told (16.1).
    """
    root: Tables = tomllib.loads(path.read_text(encoding="utf-8"))
    zone = ZoneInfo(django_settings.TIME_ZONE)
    _rules(root)
    for row in root.get("schedule", ()):
        values = {"name": row["name"], "rows": _rest(row, _HEAD)}
        Schedule.objects.update_or_create(schedule_id=row["id"], defaults=values)
    for row in root.get("holiday", ()):
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        Holiday.objects.update_or_create(day=day, defaults={"type": row.get("type", 1)})
    places = {one.full_name: one for one in Place.objects.exclude(kind__in=("unit", "shop"))}
    estate = Place.objects.filter(parent__isnull=True).get()
    sites = {row["name"]: _gate(row, root, estate, places, at) for row in root.get("gate", ())}
    for row in root.get("door", ()):
        serves = places.get(serving(row["name"], places) or "")
        made, new = Door.objects.update_or_create(
            door_id=row["id"],
            defaults={
                "gate": sites[row["gate"]],
                "name": row["name"],
                "policy": _plain(_rest(row, _HEAD), zone),
            },
        )
        if new:
            made.serves = serves or estate
            made.save(update_fields=["serves"])
    publish_settings(sites.values(), at)
    return len(sites)


def _gate(row: Tables, root: Tables, estate: Place, places: Mapping[str, Place], at: datetime) -> GateSite:
    store = hub_store()
    if row["id"] not in {one.gate_id for one in store.gates.all()}:
        # Planned: its key comes with its enrolment.
        store.gates.add(Gate(row["id"], row["name"], b"", LinkKind.NETWORK, None, int(at.timestamp())))
    name = serving(row["name"], places)
    values = {
        "name": row["name"],
        "areas": [_rest(one, {"gate"}) for one in root.get("area", ()) if one["gate"] == row["name"]],
        "readers": [_rest(one, {"gate"}) for one in root.get("reader", ()) if one["gate"] == row["name"]],
        "interlocks": row.get("interlocks", []),
    }
    site, _ = GateSite.objects.update_or_create(
        gate_id=row["id"],
        defaults=values,
        create_defaults=values | {"place": estate if name is None else places[name]},
    )
    return site


def _rules(root: Tables) -> None:
    rules = EstateRules.objects.first() or EstateRules()
    rules.policies = [dict(one) for one in root.get("policy", ())]
    rules.pin_salt = root["estate"].get("pin_salt", "")
    rules.save()


def _rest(row: Tables, without: Iterable[str]) -> dict[str, Any]:
    left_out = frozenset(without)
    return {key: value for key, value in row.items() if key not in left_out}


def _plain(row: Tables, zone: ZoneInfo) -> dict[str, Any]:
    """TOML's times as the texts that `office.notation.read_time` reads."""
    return {
        key: (value if value.tzinfo else value.replace(tzinfo=zone)).isoformat()
        if isinstance(value, datetime)
        else value
        for key, value in row.items()
    }
