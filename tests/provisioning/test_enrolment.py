"""Enrolling a gate: power cut at every write, each bundle once, and no traces of a wrong one."""

from __future__ import annotations

import contextlib
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
from tests.support.machine import add_users, snapshot

SYNC = "var/lib/gatehouse/sync"
LATER = key("a later token")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


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
        add_users(root)
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


def test_a_machine_without_the_gates_users_is_to_be_set_up_first(tmp_path: Path) -> None:
    with pytest.raises(ProvisioningError, match="lacks gatehouse-terminal, gatehouse-sync, group gatehouse"):
        enrol(tmp_path)
    add_users(tmp_path)
    (tmp_path / "etc/group").write_text("")
    with pytest.raises(ProvisioningError, match="set it up first: gatehouse-provision apply"):
        enrol(tmp_path)
    assert not (tmp_path / "var").exists()


@as_root
def test_everything_belongs_to_its_user(tmp_path: Path) -> None:
    root = gate_of_others(tmp_path)
    enrol(root)
    later = another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2))
    enrol(root, later)
    assert {(one.stat().st_uid, one.stat().st_gid) for one in (root / SYNC).iterdir()} == {(4711, 4711)}
    assert (root / SYNC).stat().st_mode & 0o7777 == 0o2770
    assert (root / "var/lib/gatehouse/terminal").stat().st_uid == 4713
    assert (os.geteuid(), os.getegid()) == (0, 0)
    assert own_public(Host(root)) is not None
    assert isinstance(enroller(root, later), Enroller)


@as_root
def test_what_the_gates_users_have_planted_is_given_to_nobody(tmp_path: Path) -> None:
    """They write in their directory, and root comes by: links of theirs name files that are not theirs."""
    root = gate_of_others(tmp_path)
    enrol(root)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o4755)
    names = ("evil", "time", "enrolment.new", ".gate.key.new", "current.new")
    for name in names:
        (root / SYNC / name).symlink_to(victim)
    (root / SYNC / "twin").hardlink_to(victim)
    with contextlib.suppress(ProvisioningError):  # it may refuse, and must not obey
        enrol(root, another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2)))
    status = victim.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 0, 0o4755)
    assert victim.read_text() == "precious"


@as_root
def test_a_pipe_in_the_gates_directory_keeps_nobody_waiting(tmp_path: Path) -> None:
    root = gate_of_others(tmp_path)
    enrol(root)
    for name in ("time", "enrolment"):
        (root / SYNC / name).unlink(missing_ok=True)
        os.mkfifo(root / SYNC / name)
    with pytest.raises(ProvisioningError, match="damaged"):
        enrol(root)


@as_root
def test_a_link_in_a_tree_never_gives_this_machines_directory_away(tmp_path: Path) -> None:
    root, ours = gate_of_others(tmp_path / "image"), tmp_path / "ours"
    ours.mkdir(mode=0o700)
    (root / "var/lib/gatehouse").mkdir(parents=True)
    (root / SYNC).symlink_to(ours)
    enrol(root)
    assert (ours.stat().st_uid, ours.stat().st_mode & 0o7777, list(ours.iterdir())) == (0, 0o700, [])
    assert (root / ours.relative_to("/") / "gate.key").stat().st_uid == 4711, "as that machine sees the link"
    assert own_public(Host(root)) is not None


@as_root
def test_a_tree_in_a_directory_of_roots_alone_is_enrolled_and_its_files_are_the_users(
    tmp_path: Path,
) -> None:
    root = gate_of_others(tmp_path / "closed" / "image")
    (tmp_path / "closed").chmod(0o700)  # as /root is, below which many mount an image
    enrol(root)
    later = another_bundle(LATER, first_list=signed_snapshot(first_list(3), 2))
    enrolled = enrol(root, later)
    assert own_public(Host(root)) == enrolled.public
    assert {(one.stat().st_uid, one.stat().st_gid) for one in (root / SYNC).iterdir()} == {(4711, 4711)}
    with as_owner(Host(root)), pytest.raises(PermissionError):
        (tmp_path / "closed/not-ours").touch()
    assert (os.geteuid(), os.getegid()) == (0, 0)
    (tmp_path / "closed/ours").touch()


@as_root
def test_the_owner_has_none_of_roots_groups(tmp_path: Path) -> None:
    before = os.getgroups()
    with as_owner(Host(gate_of_others(tmp_path))):
        assert (os.geteuid(), os.getegid(), os.getgroups()) == (4711, 4711, [])
    assert (os.geteuid(), os.getgroups()) == (0, before)


def gate_of_others(root: Path) -> Path:
    """A tree whose gate users are not whoever runs this."""
    return add_users(root, sync=4711, terminal=4713)
