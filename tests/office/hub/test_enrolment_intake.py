"""One token, one key, a person's decision: whatever else is tried is refused and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.enrolment_intake import WAITS, accept, refuse, take_request
from office.hub.facts import Gate, InvitationState, LinkKind, MoveState
from office.hub.one_use import decide
from office.hub.schema import Checkpoint
from office.hub.store import HubStore
from sync.bundle_content import DAY_S
from sync.encoding import decode_record
from sync.enrolment import EnrolmentRequest, sign_enrolment
from sync.enrolment_talk import EnrolmentState
from sync.envelope import parse_envelope
from sync.gate_key import fingerprint
from sync.keys import SigningKey
from sync.records import Access, Grant, GrantKind
from sync.update import ListVersion
from tests.support.enrolments import signed_request
from tests.support.estate import ESTATE_ID, GATE_ID, NOW, card, key, resident
from tests.support.frozen_store import thaw
from tests.support.inviting import InvitingOffice, opened, request_of
from tests.support.processes import kill_at
from tests.support.world_office import OfficeSide

OWN, SECOND, OTHER = key("first unit"), key("second unit"), key("somebody")
SLIP = Grant(3000, 4000, card(900), GrantKind.RELEASE_SLIP, (Access(1),), uses=3)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[InvitingOffice]:
    with closing(InvitingOffice(tmp_path)) as made:
        yield made


def ask(office: OfficeSide, signed: bytes) -> EnrolmentState:
    return take_request(office.store, signed, office.now_s).state


def enrol(office: InvitingOffice, own: SigningKey = OWN, *, replaces: bool = False) -> None:
    """From the bundle to the accepted key."""
    assert ask(office, request_of(office.bundle(replaces=replaces), own)) is EnrolmentState.PENDING
    accept(office.store, fingerprint(own.public), office.now_s)


def test_a_bundle_brings_the_wanted_list_and_whom_to_obey(office: InvitingOffice) -> None:
    content = opened(office.bundle())
    statement = parse_envelope(content.first_list).statement
    assert statement.version == content.minimum == ListVersion(1, 1)
    assert content.roots == office.keys.roots
    assert content.delegations == (office.keys.delegations()["online"][1],)
    assert office.store.signed.newest(GATE_ID) == ListVersion(1, 1)
    assert content.token.seed not in office.path.read_bytes(), "the store cannot ask in the gate's place"


def test_a_request_waits_for_a_person_who_accepts_it(office: InvitingOffice) -> None:
    signed = request_of(office.bundle(), OWN)
    assert office.store.gates.by_key(OWN.public) is None
    for _ in range(3):
        assert ask(office, signed) is EnrolmentState.PENDING
    assert WAITS in office.alarms()
    accept(office.store, fingerprint(OWN.public).lower().replace("-", " "), office.now_s)
    assert office.store.gates.get(GATE_ID).public_key == OWN.public
    assert ask(office, signed) is EnrolmentState.ACCEPTED
    assert office.store.invitations.alive() == []


def test_a_refused_key_stays_refused(office: InvitingOffice) -> None:
    signed = request_of(office.bundle(), OWN)
    ask(office, signed)
    refuse(office.store, fingerprint(OWN.public), office.now_s)
    assert ask(office, signed) is EnrolmentState.REFUSED
    with pytest.raises(OfficeError, match="waiting are: none"):
        accept(office.store, fingerprint(OWN.public), office.now_s)
    assert office.store.gates.get(GATE_ID).public_key == b""


@pytest.mark.parametrize("state", ["pending", "accepted", "refused"])
def test_a_second_key_with_the_same_token_is_refused_and_told(office: InvitingOffice, state: str) -> None:
    made = office.bundle()
    ask(office, request_of(made, OWN))
    if state != "pending":
        (accept if state == "accepted" else refuse)(office.store, fingerprint(OWN.public), office.now_s)
    assert ask(office, request_of(made, OTHER)) is EnrolmentState.REFUSED
    assert "enrolment_second_key" in office.alarms()
    assert office.store.gates.by_key(OTHER.public) is None


def test_the_end_date_counts_when_the_request_arrives(office: InvitingOffice) -> None:
    made = office.bundle()
    office.utc_ms += 14 * DAY_S * 1000
    assert ask(office, request_of(made, OWN)) is EnrolmentState.REFUSED
    assert office.alarms() == {"enrolment_expired"}


def test_who_asked_in_time_may_be_accepted_later(office: InvitingOffice) -> None:
    made = office.bundle()
    ask(office, request_of(made, OWN))
    office.utc_ms += 30 * DAY_S * 1000
    assert ask(office, request_of(made, OWN)) is EnrolmentState.PENDING
    accept(office.store, fingerprint(OWN.public), office.now_s)


def test_a_newer_bundle_voids_the_one_before(office: InvitingOffice) -> None:
    first, second = office.bundle(), office.bundle()
    assert ask(office, request_of(first, OWN)) is EnrolmentState.REFUSED
    assert office.alarms() == {"enrolment_superseded"}
    assert ask(office, request_of(second, OWN)) is EnrolmentState.PENDING


def test_what_was_never_invited_is_told_by_its_name(office: InvitingOffice) -> None:
    made = office.bundle()
    content = opened(made)
    office.store.gates.add(Gate(8, "West gate", OTHER.public, LinkKind.NETWORK, None, NOW))

    def tried(own: SigningKey, **changes: object) -> EnrolmentState:
        digest = sha256(made.file).digest()
        request = EnrolmentRequest(ESTATE_ID, GATE_ID, own.public, content.token.public, digest, "x", None)
        return ask(office, sign_enrolment(replace(request, **changes), own, content.token))

    assert tried(OWN, estate_id=b"another!") is EnrolmentState.REFUSED
    assert tried(OWN, gate_id=8) is EnrolmentState.REFUSED
    assert tried(OWN, bundle_digest=bytes(32)) is EnrolmentState.REFUSED
    assert tried(OTHER) is EnrolmentState.REFUSED
    assert ask(office, signed_request()) is EnrolmentState.REFUSED
    assert ask(office, b"noise") is EnrolmentState.REFUSED
    assert office.alarms() == {
        "enrolment_wrong_estate",
        "enrolment_wrong_gate",
        "enrolment_other_bundle",
        "enrolment_key_taken",
        "enrolment_unknown_token",
        "enrolment_malformed",
    }
    assert tried(OWN) is EnrolmentState.PENDING, "none of it spent the token"


def test_only_a_planned_gate_or_a_replacement_gets_a_bundle(office: InvitingOffice) -> None:
    enrol(office)
    with pytest.raises(OfficeError, match="say --replace"):
        office.bundle()
    office.bundle(replaces=True)
    office.store.gates.strike(GATE_ID, NOW)
    with pytest.raises(OfficeError, match="never comes back"):
        office.bundle(replaces=True)


def test_a_replaced_units_key_is_struck_when_the_new_one_is_accepted(office: InvitingOffice) -> None:
    enrol(office)
    made = office.bundle(replaces=True)
    assert opened(made).minimum == ListVersion(1, 2), "no list of the old unit can be brought"
    assert office.store.gates.get(GATE_ID).public_key == OWN.public, "until then the old one serves"
    ask(office, request_of(made, SECOND))
    accept(office.store, fingerprint(SECOND.public), office.now_s)
    assert office.store.gates.get(GATE_ID).public_key == SECOND.public
    assert office.store.gates.by_key(OWN.public) is None
    assert office.store.gates.is_struck(OWN.public)
    again = office.bundle(replaces=True)
    assert ask(office, request_of(again, OWN)) is EnrolmentState.REFUSED, "it never comes back"
    with pytest.raises(OfficeError, match="unit that was replaced"):
        office.store.gates.add(Gate(9, "another", OWN.public, LinkKind.NETWORK, None, NOW))


def test_a_stolen_units_key_is_struck_at_once(office: InvitingOffice) -> None:
    enrol(office)
    office.bundle(stolen=True)
    assert office.store.gates.get(GATE_ID).public_key == b""
    assert office.store.gates.is_struck(OWN.public)


def test_slips_of_a_replaced_unit_wait_for_a_clerk(office: InvitingOffice) -> None:
    office.put([SLIP])
    enrol(office)
    made = office.bundle(replaces=True)
    assert made.to_settle == (3000,)
    assert 3000 not in slips(office), "the new unit's first list does not have it"
    ask(office, request_of(made, SECOND))
    accept(office.store, fingerprint(SECOND.public), office.now_s)
    move = office.store.moves.get(3000)
    assert move is not None
    assert move.state is MoveState.CLERK
    decide(office.store, 3000, 1, office.now_s)
    assert slips(office) == {move.new_grant_id: 1}


def test_a_slip_given_after_the_bundle_goes_to_the_new_unit(office: InvitingOffice) -> None:
    enrol(office)
    made = office.bundle(replaces=True)
    office.put([SLIP])
    ask(office, request_of(made, SECOND))
    accept(office.store, fingerprint(SECOND.public), office.now_s)
    assert slips(office) == {3000: 3}


def test_a_bundle_made_once_more_asks_the_clerk_only_once(office: InvitingOffice) -> None:
    office.put([SLIP])
    enrol(office)
    office.bundle(replaces=True)
    after = decide(office.store, 3000, 2, office.now_s)
    assert office.bundle(replaces=True).to_settle == ()
    assert slips(office) == {after.new_grant_id: 2}


def slips(office: InvitingOffice) -> dict[int, int | None]:
    """Counted grants that the gate is to have, and their uses."""
    records = [decode_record(one.record) for one in office.store.wanted.counted(GATE_ID)]
    return {one.grant_id: one.uses for one in records if isinstance(one, Grant)}


def test_changes_that_wait_for_the_manager_go_into_no_bundle(office: InvitingOffice) -> None:
    office.put(resident(number) for number in range(4, 40))
    enrol(office)
    held = office.store.signed.known(GATE_ID, ListVersion(1, 1))
    assert held is not None
    office.store.signed.adopt(held)
    gone = [(card(number).key, 1000 + number) for number in range(1, 40)]
    office.store.wanted.put(GATE_ID, removed=gone, urgent=False, at=NOW)
    with pytest.raises(OfficeError, match="manager"):
        office.bundle(replaces=True)


def test_a_failed_bundle_leaves_nothing_behind(office: InvitingOffice) -> None:
    office.put([SLIP])
    enrol(office)
    before = (office.store.signed.newest(GATE_ID), office.store.invitations.of_gate(GATE_ID), slips(office))
    (office.keys.path / "lists.key").rename(office.keys.path / "away")
    office.restart()
    with pytest.raises(OfficeError, match="key"):
        office.bundle(stolen=True)
    after = (office.store.signed.newest(GATE_ID), office.store.invitations.of_gate(GATE_ID), slips(office))
    assert after == before
    assert office.store.gates.get(GATE_ID).public_key == OWN.public


def test_an_older_store_can_plan_gates_once_it_is_opened(tmp_path: Path) -> None:
    path = thaw(tmp_path / "hub.db", 2)
    for _ in range(2):
        with closing(HubStore(path)) as store:
            assert [bool(one.public_key) for one in store.gates.all()] == [True]
            assert store.invitations.alive() == []
            assert store.store_is_sound()
    with closing(HubStore(path)) as store:
        for number in (3, 4):  # two without a key: they are not each other's double
            store.gates.add(Gate(number, f"gate {number}", b"", LinkKind.NETWORK, None, NOW))
        assert store.wanted.put(3, settings=b"x", urgent=False, at=NOW) is not None


def replaced(directory: Path, checkpoint: Checkpoint) -> None:
    """A gate's first unit and its second, with everything that the office writes."""
    office = InvitingOffice(directory, checkpoint=checkpoint)
    office.put([SLIP])
    enrol(office)
    enrol(office, SECOND, replaces=True)
    office.close()


def test_a_kill_at_any_write_leaves_one_key_and_no_slip_twice(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    replaced(tmp_path / "whole", lambda _step: None)
    number = 0
    while True:
        directory = tmp_path / str(number)
        directory.mkdir()
        if not kill_at(number, partial(replaced, directory)):
            break
        number += 1
        if not (directory / "hub.db").exists():
            continue
        with closing(HubStore.found(directory / "hub.db", ESTATE_ID)) as store:
            assert store.store_is_sound()
            check_whole(store)
    assert number > 20, "the story has that many write points"


def check_whole(store: HubStore) -> None:
    """What belongs together is there together."""
    found = [one for one in store.gates.all() if one.gate_id == GATE_ID]
    if not found:
        return
    states = [one.state for one in store.invitations.of_gate(GATE_ID)]
    has = found[0].public_key
    assert has in (b"", OWN.public, SECOND.public)
    assert states.count(InvitationState.ACCEPTED) == (b"", OWN.public, SECOND.public).index(has)
    assert store.gates.is_struck(OWN.public) is (has == SECOND.public)
    signed = store.signed.newest(GATE_ID)
    assert signed.revision == len(states), "a list and its bundle"
    wanted = [one.record.grant_id for one in store.wanted.counted(GATE_ID)]
    assert wanted == [] or len(states) < 2, "what the old unit counted waits for a clerk"
    assert (store.moves.get(3000) is None) is (len(states) < 2)


def test_invitations_outlive_the_process(office: InvitingOffice) -> None:
    made = office.bundle()
    ask(office, request_of(made, OWN))
    office.restart()
    (one,) = office.store.invitations.alive()
    assert (one.state, one.key, one.digest) == (
        InvitationState.PENDING,
        OWN.public,
        sha256(made.file).digest(),
    )
