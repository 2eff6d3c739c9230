"""Enrolling a gate: power cut at every write, each bundle once, and no traces of a wrong one."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from provisioning.enrolment import Enroller
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.owner import as_owner, own_public
from provisioning.site_bundle import check_day, floor_here, known_here
from sync.bundle_errors import (
    BundleError,
    DamagedBundleError,
    ExpiredBundleError,
    ForeignEstateError,
    ForeignGateError,
    UnsignedBundleError,
    UsedBundleError,
)
from sync.enrolment import verify_enrolment
from sync.hub_authority import authorise_hub
from sync.memory import TrustMemory
from sync.statements.authority import Authority
from sync.update import ListVersion
from terminal.clock import RELEASE_FLOOR
from terminal.stores.enrolment_file import EnrolmentStage, save_enrolment
from terminal.stores.list_store import ListStore
from tests.support.bundles import NOT_AFTER, TOKEN, bundle_file
from tests.support.enrolling import (
    FILE,
    WORKING,
    another_bundle,
    config_text,
    enrol,
    enroller,
    list_of,
    opened,
    record_of,
)
from tests.support.estate import (
    DAY,
    ESTATE_ID,
    GATE_ID,
    NOW,
    ONLINE,
    ROOT,
    first_list,
    key,
    signed_snapshot,
    withdraw,
)
from tests.support.machine import snapshot

SYNC = "var/lib/gatehouse/sync"
LATER = key("a later token")


class PowerCutError(Exception):
    """The machine is off."""


def cut_after(steps: int) -> Callable[[str], None]:
    """A checkpoint that switches the machine off at its step number ``steps``."""
    left = steps

    def at(_step: str) -> None:
        nonlocal left
        if left == 0:
            raise PowerCutError
        left -= 1

    return at


def test_an_empty_tree_becomes_a_working_gate(place: Path) -> None:
    enrolled = enrol(place)
    assert list_of(place) == enrolled.list_version == ListVersion(1, 1)
    assert own_public(Host(place)) == enrolled.public
    request = verify_enrolment(enrolled.request)
    assert (request.estate_id, request.gate_id, request.public) == (ESTATE_ID, GATE_ID, enrolled.public)
    assert (request.token, request.bundle_digest) == (TOKEN.public, sha256(FILE).digest())
    assert request.today == NOW
    record = record_of(place)
    assert record.stage is EnrolmentStage.PROVISIONAL
    assert record.is_provisional(ListVersion(1, 1))
    assert not record.is_provisional(ListVersion(1, 2)), "only an office that knows the gate signs on"
    assert (place / "etc/gatehouse/gate.toml").read_bytes() == WORKING.config
    for name in ("gate.key", "enrolment.key"):
        assert (place / SYNC / name).stat().st_mode & 0o777 == 0o600
    assert (place / "etc/gatehouse/gate.toml").stat().st_mode & 0o777 == 0o640


def test_the_gate_knows_its_hub_before_the_first_contact(place: Path) -> None:
    enrol(place, bundle_file(WORKING, withdrawals=withdraw(3, key("an old hub"))))
    store = ListStore(place / SYNC, estate_id=ESTATE_ID, gate_id=GATE_ID)
    try:
        current = store.current()
    finally:
        store.close()
    assert current is not None
    authority = Authority.of(WORKING.anchor, TrustMemory.decode(current.memory))
    authorise_hub(authority.anchor, authority.withdrawn, authority.delegations, ONLINE.public, NOW)
    assert authority.withdrawn.key_ids == {key("an old hub").key_id}


def test_what_no_root_has_said_of_keys_is_refused(place: Path) -> None:
    with pytest.raises(ProvisioningError, match="says of keys is refused"):
        enrol(place, bundle_file(WORKING, delegations=(b"forged",)))


def test_a_second_time_nothing_changes(place: Path) -> None:
    first = enrol(place)
    before = snapshot(place)
    assert enroller(place).outstanding() == []
    assert enrol(place) == first
    assert snapshot(place) == before


def test_a_power_cut_at_every_write_is_gone_on_from(place: Path) -> None:
    cuts = 0
    while True:
        root = place / str(cuts)
        root.mkdir()
        try:
            enrol(root, checkpoint=cut_after(cuts))
        except PowerCutError:
            known = own_public(Host(root)) if (root / SYNC).is_dir() else None
            enrolled = enrol(root, seed=100)
            assert known in (None, enrolled.public), "one key, however often the power goes"
            assert list_of(root) == ListVersion(1, 1)
            assert record_of(root).stage is EnrolmentStage.PROVISIONAL
            assert enroller(root).outstanding() == []
            assert verify_enrolment(enrolled.request).public == enrolled.public
            cuts += 1
            continue
        break
    assert cuts > 15


def test_a_dry_look_touches_nothing(place: Path) -> None:
    before = snapshot(place)
    assert enroller(place).outstanding() == [
        "make this gate's own key",
        "take the first list 1.1",
        "ask the office to accept the key",
    ]
    assert snapshot(place) == before


def test_a_used_bundle_is_refused_for_another_key(place: Path) -> None:
    enrol(place)
    (place / SYNC / "gate.key").unlink()
    before = snapshot(place)
    with pytest.raises(UsedBundleError, match="another key"):
        enroller(place).outstanding()
    with pytest.raises(UsedBundleError):
        enrol(place)
    assert snapshot(place) == before


def test_a_bundle_before_the_last_one_is_refused(place: Path) -> None:
    enrol(place)
    newer = another_bundle(LATER, first_list=signed_snapshot(first_list(4), 2))
    enrolled = enrol(place, newer)
    assert record_of(place).used == (TOKEN.public,)
    assert list_of(place) == ListVersion(1, 2)
    assert verify_enrolment(enrolled.request).token == LATER.public
    with pytest.raises(UsedBundleError, match="another one after it"):
        enrol(place)


def test_an_old_list_cannot_be_brought(place: Path) -> None:
    enrol(place, another_bundle(LATER, first_list=signed_snapshot(first_list(4), 5)))
    with pytest.raises(ProvisioningError, match="rollback"):
        enrol(place, another_bundle(key("third token"), first_list=signed_snapshot(first_list(3), 4)))
    assert list_of(place) == ListVersion(1, 5)


@pytest.mark.parametrize(
    ("here", "error"),
    [
        ({"id": 8}, ForeignGateError),
        ({"estate": "0000000000000000"}, ForeignEstateError),
        ({"roots": [key("other root").public.hex()]}, UnsignedBundleError),
    ],
    ids=["gate", "estate", "roots"],
)
def test_a_foreign_bundle_is_refused_where_a_gate_is_already(
    place: Path, here: dict[str, object], error: type[BundleError]
) -> None:
    path = place / "etc/gatehouse/gate.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(config_text(**here))
    before = snapshot(place)
    with pytest.raises(error):
        enroller(place)
    assert snapshot(place) == before


@pytest.mark.parametrize(
    "config",
    [
        b"not toml",
        b"\xff",
        config_text(id=8),
        config_text(estate="0000000000000000"),
        config_text(roots=[key("other root").public.hex()]),
        config_text(name=""),
        config_text().replace(b'backend = "sim"', b'backend = "no such"'),
    ],
    ids=["no toml", "no text", "gate", "estate", "roots", "no name", "no such backend"],
)
def test_a_bundle_whose_configuration_would_not_work_is_refused_at_once(place: Path, config: bytes) -> None:
    with pytest.raises(DamagedBundleError, match="make the bundle anew"):
        opened(Host(place), bundle_file(WORKING, config=config))


def test_a_bundle_that_has_ended_by_what_this_gate_knows_is_refused(place: Path) -> None:
    late = another_bundle(
        LATER, first_list=signed_snapshot(first_list(3), 2, at=NOT_AFTER), not_after=NOT_AFTER + DAY
    )
    enrol(place, late)
    assert floor_here(Host(place).path("/var/lib/gatehouse/sync")) == NOT_AFTER
    with pytest.raises(ExpiredBundleError):
        enroller(place)


@pytest.mark.parametrize(
    ("day", "cause"),
    [
        ("2027-01-15", None),
        ("2027-01-14", None),
        (" 2027-01-28\n", None),
        ("2027-01-30", "has passed"),
        ("2027-06-01", "ended"),
        ("2027-01-12", "cannot be today"),
        ("1970-01-01", "cannot be today"),
        ("15.1.2027", "is no day"),
        ("", "is no day"),
    ],
)
def test_the_technicians_day_decides_where_the_clock_cannot(day: str, cause: str | None) -> None:
    if cause is None:
        assert check_day(WORKING, day) % DAY == 0
        return
    with pytest.raises((ProvisioningError, ExpiredBundleError), match=cause):
        check_day(WORKING, day)


def test_a_machine_that_is_nothing_yet_knows_only_the_earliest_time(place: Path) -> None:
    known = known_here(Host(place))
    assert (known.estate_id, known.gate_id, known.roots, known.floor) == (None, None, None, RELEASE_FLOOR)
    path = place / "etc/gatehouse/gate.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    assert known_here(Host(place)).gate_id is None
    path.write_bytes(WORKING.config)
    assert known_here(Host(place)).roots == (ROOT.public,)


def test_a_running_sync_process_is_told_as_the_hindrance(place: Path) -> None:
    enrol(place)
    store = ListStore(place / SYNC, estate_id=ESTATE_ID, gate_id=GATE_ID)
    try:
        with pytest.raises(ProvisioningError, match="stop it first"):
            enrol(place, another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2)))
    finally:
        store.close()


def test_a_damaged_note_is_told_with_its_cure(place: Path) -> None:
    enrol(place)
    path = place / SYNC / "enrolment"
    data = path.read_bytes()
    for damaged in (data[:-1], b"", bytes([data[0] ^ 1]) + data[1:], data * 40):
        path.write_bytes(damaged)
        with pytest.raises(ProvisioningError, match="enrol this gate with a new bundle"):
            enroller(place).outstanding()


def test_a_confirmed_gate_keeps_its_place(place: Path) -> None:
    enrol(place)
    (place / SYNC / "enrolment.key").unlink()
    save_enrolment(place / SYNC, replace(record_of(place), stage=EnrolmentStage.CONFIRMED))
    before = snapshot(place)
    enrol(place)
    assert snapshot(place) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_everything_belongs_to_the_sync_user_once_there_is_one(place: Path) -> None:
    place.chmod(0o755)
    enrol(place)
    (place / "etc/passwd").write_text(
        "root:x:0:0::/:/bin/sh\ngatehouse-sync:x:4711:4712::/:/bin/sh\n"
        "gatehouse-terminal:x:4713:4714::/:/bin/sh\n"
    )
    (place / "etc/group").write_text("gatehouse:x:4710:\n")
    enrol(place)
    later = another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2))
    enrol(place, later)
    assert {(one.stat().st_uid, one.stat().st_gid) for one in (place / SYNC).iterdir()} == {(4711, 4710)}
    assert (place / SYNC).stat().st_mode & 0o7777 == 0o2770
    assert (place / "var/lib/gatehouse/terminal").stat().st_uid == 4713
    assert (os.geteuid(), os.getegid()) == (0, 0)
    assert own_public(Host(place)) is not None
    assert isinstance(enroller(place, later), Enroller)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_tree_in_a_directory_of_roots_alone_is_enrolled_and_its_files_are_the_users(place: Path) -> None:
    root = place / "closed" / "image"
    root.mkdir(parents=True)
    enrol(root)
    (root / "etc/passwd").write_text(
        "gatehouse-sync:x:4711:4712::/:/bin/sh\ngatehouse-terminal:x:4713:4714::/:/bin/sh\n"
    )
    (root / "etc/group").write_text("gatehouse:x:4710:\n")
    (place / "closed").chmod(0o700)  # as /root is, below which many mount an image
    enrol(root)
    later = another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2))
    enrolled = enrol(root, later)
    assert own_public(Host(root)) == enrolled.public
    assert {(one.stat().st_uid, one.stat().st_gid) for one in (root / SYNC).iterdir()} == {(4711, 4710)}
    with as_owner(Host(root)), pytest.raises(PermissionError):
        (place / "closed/not-ours").touch()
    assert (os.geteuid(), os.getegid()) == (0, 0)
    (place / "closed/ours").touch()
