"""A mass change from the desk's steps to the gate: held, shown, signed on another computer, in force."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from office.casework.actor import Actor
from office.casework.gate_watch import JUDGED_ANEW, MassSeen, watch_mass_changes
from office.casework.mass_changes import alarms_of_waiting, give_out, go_back, take_back, waiting_changes
from office.casework.withdrawal import withdraw_card
from office.countersigning import countersigned
from office.errors import OfficeError
from office.hub.clerk_steps import revoke
from office.keys import KeyDirectory
from office.lists.store import hub_store
from office.parcel import pack, unpack
from office.procedures.errors import Refused
from office.procedures.withdrawal import Reason
from office.registry.models import AuditEntry, Issue, StaffRole
from sync.delegation import Role
from sync.encoding import stored
from sync.records import RevocationReason
from tests.support.estate import DAY, ESTATE_ID, FOREVER, NOW, resident
from tests.support.office_checks import refused
from tests.support.office_world import AT, GATE, OfficeWorld, office_world
from tests.support.postgresql import about_sqlite
from tests.support.statements_asked import statements_asked

RULE = "mass change"


@pytest.fixture
def garden(db: None, tmp_path: Path) -> Iterator[OfficeWorld]:
    with office_world(tmp_path) as world:
        yield world


@pytest.fixture
def clerk(garden: OfficeWorld) -> Actor:
    return garden.estate.staff(StaffRole.CLERK, at=AT)


@pytest.fixture
def manager(garden: OfficeWorld) -> Actor:
    return garden.estate.staff(StaffRole.MANAGER, at=AT)


@pytest.fixture
def cards(garden: OfficeWorld, clerk: Actor) -> list[Issue]:
    return garden.issue_cards(clerk)


@pytest.fixture
def mine(garden: OfficeWorld, tmp_path: Path) -> KeyDirectory:
    """The manager's own computer: his key, and what the root has signed about it."""
    keys = KeyDirectory.create_empty(tmp_path / "MINE", ESTATE_ID)
    keys.create_key("manager", random_bytes=lambda _size: MANAGER_SEED)
    estate = garden.world.office.keys
    estate.adopt("manager", keys.public("manager"))
    estate.delegate("manager", Role.MANAGER, gates=None, issued_at=NOW - DAY, not_after=FOREVER)
    (keys.path / "manager.delegation").write_bytes((estate.path / "manager.delegation").read_bytes())
    return keys


MANAGER_SEED = bytes(range(32))


def withdraw_all(garden: OfficeWorld, clerk: Actor, cards: list[Issue]) -> None:
    """One by one; the last one would leave the gate with nobody."""
    for one in cards:
        withdraw_card(clerk, one.pk, Reason.HANDED_BACK)
        garden.world.settle()


def shown() -> dict[int, str]:
    """What a page opened now would send along."""
    return {one.held.gate.gate_id: one.held.mark for one in waiting_changes(AT)}


def signed(garden: OfficeWorld, data: bytes, mine: KeyDirectory) -> bytes:
    """What the manager does at home, with the file that the desk gave out."""
    path = garden.world.office.directory / "mass-change.zip"
    path.write_bytes(data)
    made, told = countersigned(mine, path, at=NOW)
    assert [one["gate"] for one in told] == [GATE]
    return made


def test_what_waits_is_shown_signed_elsewhere_and_in_force_at_the_gate(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue], mine: KeyDirectory
) -> None:
    withdraw_all(garden, clerk, cards)
    assert garden.opening() == [6]  # single stops went out; the one that leaves nobody is held
    (waits,) = waiting_changes(AT)
    assert (waits.held.lost, waits.held.openers, waits.held.ended) == (6, 6, (cards[5].pk,))
    assert (waits.since, waits.held.put, waits.held.settings) == (AT, (), False)
    withdrawn = next(one for one in waits.origins if one.action == "issue withdraw")
    assert (withdrawn.rule, withdrawn.user, withdrawn.cards) == ("13.3", clerk.user.username, 1)
    data = give_out(manager, garden.hub, shown())
    assert garden.opening() == [6]
    (answer,) = take_back(manager, garden.hub, signed(garden, data, mine))
    assert answer.taken is not None, answer.refused
    assert (answer.taken.gate, answer.taken.signed_by) == (GATE, "manager")
    garden.world.settle()
    assert garden.opening() == []
    assert waiting_changes(AT) == []
    trail = AuditEntry.objects.filter(rule=RULE).order_by("number")
    assert [(one.action, one.subject, one.user_id) for one in trail] == [
        ("given out to be signed", "gate:1", manager.user.pk),
        ("signed", "gate:1", manager.user.pk),
    ]


def test_what_has_changed_since_it_was_shown_is_neither_given_out_nor_taken(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue], mine: KeyDirectory
) -> None:
    withdraw_all(garden, clerk, cards)
    before = shown()
    data = signed(garden, give_out(manager, garden.hub, before), mine)
    garden.estate.unit = garden.estate.add_unit("102", "129.99")
    garden.estate.applicant = garden.estate.add_person("林一", garden.estate.unit)
    garden.estate.issue_card(clerk)  # what waits is another list now
    garden.world.settle()
    with refused(RULE, Refused.STALE):
        give_out(manager, garden.hub, before)
    with refused(RULE, Refused.STALE):
        go_back(manager, before)
    (answer,) = take_back(manager, garden.hub, data)
    assert answer.taken is None
    assert "propose it again" in str(answer.refused) or "changed" in str(answer.refused)
    assert 6 in garden.opening()
    with pytest.raises(OfficeError, match="not any more what was shown|nothing waits"):
        garden.hub.propose(GATE, before[GATE])  # the hub judges for itself, too


def test_only_a_manager_signs_and_only_what_waits(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue]
) -> None:
    withdraw_all(garden, clerk, cards)
    for step in (
        lambda: give_out(clerk, garden.hub, shown()),
        lambda: take_back(clerk, garden.hub, b""),
        lambda: go_back(clerk, shown()),
    ):
        with refused(RULE, Refused.ROLE_MISSING):
            step()
    for wrong in ({}, {99: "a"}, {GATE: "another"}):
        with refused(RULE, Refused.STALE):
            give_out(manager, garden.hub, wrong)


def test_a_file_without_the_managers_signature_counts_nothing(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue], mine: KeyDirectory
) -> None:
    withdraw_all(garden, clerk, cards)
    data = give_out(manager, garden.hub, shown())
    good = unpack(signed(garden, data, mine))["gate-1.list"]
    wrong = {"unsigned": unpack(data)["gate-1.list"], "nonsense": b"no list", "changed": good[:-1] + b"\0"}
    answers = take_back(manager, garden.hub, pack(wrong))
    assert [one.name for one in answers if one.taken is None] == list(wrong)
    assert "carries neither the manager's signature" in str(answers[0].refused)
    assert not AuditEntry.objects.filter(rule=RULE, action="signed").exists()
    with pytest.raises(OfficeError, match="damaged"):
        take_back(manager, garden.hub, data[: len(data) // 2])
    (answer,) = take_back(manager, garden.hub, good)  # one update alone is taken, too
    assert answer.taken is not None
    (again,) = take_back(manager, garden.hub, good)
    assert again.taken is None


def test_without_the_list_keys_stick_nothing_is_given_out(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue]
) -> None:
    withdraw_all(garden, clerk, cards)
    path = garden.world.office.keys.path / "lists.key"
    path.rename(path.with_suffix(".away"))
    garden.world.office.signers.look()
    with pytest.raises(OfficeError, match="no key of role list"):
        give_out(manager, garden.hub, shown())
    assert not AuditEntry.objects.filter(rule=RULE).exists()


def test_what_the_register_asks_for_still_waits_after_a_refusal(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue]
) -> None:
    withdraw_all(garden, clerk, cards)
    before = shown()
    (left,) = go_back(manager, before)
    assert (left.mark, shown()) == (before[GATE], before)
    assert garden.opening() == [6]


def test_a_change_that_no_step_of_the_desk_made_goes_back_to_the_register(
    garden: OfficeWorld, manager: Actor, cards: list[Issue]
) -> None:
    store, later = hub_store(), NOW + 3600
    with store.transaction():
        for one in cards:  # by commands at the hub, say
            revoke(store, later, RevocationReason.LOST, issue_id=one.pk)
        store.wanted.put(GATE, [stored(resident(50))], urgent=False, at=later)
    garden.world.settle()
    (waits,) = waiting_changes(AT)
    assert (waits.held.lost, waits.held.ended, waits.origins) == (6, (cards[5].pk,), ())
    assert waits.since == AT + timedelta(hours=1)
    stranger = resident(50).issue_id
    assert waits.held.put == (stranger,)
    assert go_back(manager, shown()) == []
    garden.world.settle()
    assert waiting_changes(AT) == []
    assert garden.opening() == [6]  # what the gate refuses already was not shown, and stays as it is
    assert store.wanted.rows(issue_id=stranger) == []
    assert AuditEntry.objects.get(rule=RULE).action == "not signed: as the register says"


def test_something_that_waits_is_one_alarm_until_nothing_waits(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue], mine: KeyDirectory
) -> None:
    watch_mass_changes(AT)
    assert not alarms_of_waiting().exists()
    withdraw_all(garden, clerk, cards)
    for second in (1, 2):
        watch_mass_changes(AT + timedelta(seconds=second))
    assert [(one.subject, one.gate_id, one.count) for one in alarms_of_waiting()] == [("gate:1", GATE, 1)]
    take_back(manager, garden.hub, signed(garden, give_out(manager, garden.hub, shown()), mine))
    watch_mass_changes(AT + timedelta(seconds=3))
    assert not alarms_of_waiting().exists()


@about_sqlite  # whose statements of the store can be counted
def test_what_waits_is_judged_once_until_something_changes(
    garden: OfficeWorld, clerk: Actor, manager: Actor, cards: list[Issue], mine: KeyDirectory
) -> None:
    seen: dict[int, MassSeen] = {}
    withdraw_all(garden, clerk, cards)
    asked = []
    for second in (1, 2, 3):
        with statements_asked() as counted:
            watch_mass_changes(AT + timedelta(seconds=second), seen)
        asked.append(counted.number)
    assert asked[0] > asked[1] == asked[2]
    assert alarms_of_waiting().count() == 1
    with statements_asked() as counted:  # what the brake remembers has faded
        watch_mass_changes(AT + timedelta(seconds=1) + JUDGED_ANEW, seen)
    assert counted.number > asked[1]
    take_back(manager, garden.hub, signed(garden, give_out(manager, garden.hub, shown()), mine))
    watch_mass_changes(AT + timedelta(seconds=4), seen)
    assert not alarms_of_waiting().exists()


def test_a_parcel_that_claims_to_be_huge_is_refused_unread() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as parcel:
        for number in range(1001):
            parcel.writestr(str(number), b"")
    with pytest.raises(OfficeError, match="larger than"):
        unpack(made.getvalue())
