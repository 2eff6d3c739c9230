from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.loads import DOORS, Cards, cards, estate, settings, stored_estate
from bench.publisher import ANCHOR, ESTATE_ID, GATE_ID, Publisher
from sync.content import MemoryContent
from sync.encoding import decode_settings
from sync.records import Grant, GrantKind, Tombstone
from sync.trust import TrustedList
from sync.update import Accepted, ListVersion

COUNT = 2_000


def test_an_estate_is_the_same_at_every_run() -> None:
    assert list(estate(50)) == list(estate(50))


def test_an_estate_holds_a_plausible_mixture() -> None:
    records = list(estate(COUNT))
    assert len({one.credential for one in records}) == COUNT
    kinds = Counter(one.kind for one in records if isinstance(one, Grant))
    assert 0.6 < kinds[GrantKind.RESIDENT] / COUNT < 0.7
    assert kinds.keys() >= {GrantKind.TENANT, GrantKind.VEHICLE, GrantKind.MERCHANT, GrantKind.VISITOR}
    assert any(isinstance(one, Tombstone) for one in records)
    assert Counter(len(one.credential.number) for one in records).keys() == {4, 7}


def test_every_door_and_schedule_an_estate_names_is_in_its_settings() -> None:
    known = decode_settings(settings())
    grants = [one for one in estate(COUNT) if isinstance(one, Grant)]
    assert {access.door for one in grants for access in one.access} == set(DOORS)
    schedules = {one.schedule_id for one in known.schedules}
    assert {one.schedule for one in grants} <= schedules | {None}


def test_cards_open_what_they_are_said_to_open(tmp_path: Path) -> None:
    drawn = cards(COUNT)
    by_credential = {one.credential: one for one in estate(COUNT)}
    for door in DOORS:
        for card in drawn.opening(door):
            grant = by_credential[card]
            assert isinstance(grant, Grant)
            assert grant.directions_at(door)
            assert grant.uses is None
    assert not by_credential.keys() & set(drawn.strangers)
    drawn.save(tmp_path / "cards")
    assert Cards.load(tmp_path / "cards") == drawn


def test_a_gate_takes_the_published_list(tmp_path: Path) -> None:
    records = stored_estate(200)
    Publisher.of(records).save(tmp_path / "publisher")
    update = Publisher.load(tmp_path / "publisher").snapshot(3)
    accepted = TrustedList(ANCHOR, None, None).update(update, floor=0)
    assert isinstance(accepted, Accepted)
    content = MemoryContent(settings(), records)
    assert accepted.digest == content.digest(estate_id=ESTATE_ID, gate_id=GATE_ID, version=ListVersion(1, 3))
