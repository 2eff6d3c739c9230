"""The sync process of a gate that is not known yet: when it asks, what it believes, how soon again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.chain import Anchor
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState, encode_answer, request_reader, with_length
from sync.gate_key import load_or_make
from sync.keys import SigningKey
from sync.link_errors import LinkError, LostLinkError, NotAcceptedYetError, RefusedByPeerError, WrongHubError
from sync.session_events import NETWORK_PACE, Pace
from sync.statements.authority import Authority
from terminal.agent.enrolling import Enrolling
from terminal.stores.enrolment_file import (
    FILE_NAME,
    TOKEN_FILE,
    EnrolmentStage,
    load_enrolment,
    save_enrolment,
)
from tests.support.bundles import TOKEN
from tests.support.enrolments import ENROLMENT, signed_request
from tests.support.estate import CHAIN, ESTATE_ID, GATE_ID, MANAGER, NOW, ONLINE, ROOT, withdraw
from tests.support.memory_stream import MemoryStream

AUTHORITY = Authority(Anchor(ESTATE_ID, GATE_ID, (ROOT.public,)))
REFUSED = RefusedByPeerError("not registered")


class HubEnd(MemoryStream):
    """A hub's end of one link: it takes a request and says what it was given to say."""

    def __init__(self, says: bytes, public: bytes) -> None:
        super().__init__()
        self._says = says
        self._reader = request_reader()
        self.peer_public_key = public
        self.heard: bytes | None = None
        self.other = self

    async def write(self, data: bytes) -> None:
        self.heard = self._reader.feed(data)
        if self._says:
            self._arrived.put_nowait(self._says)
        self._arrived.put_nowait(b"")


class Way:
    """A link whose hub says ``answer``, or that cannot be had."""

    pace: Pace = NETWORK_PACE
    helping_bytes = 1000

    def __init__(self, answer: EnrolmentAnswer | bytes | LinkError, hub: SigningKey = ONLINE) -> None:
        self._answer = answer
        self._hub = hub
        self.asked: list[tuple[bytes, bytes | None]] = []
        self.ends: list[HubEnd] = []

    async def connect(self) -> HubEnd:
        raise REFUSED

    async def connect_as(self, key: SigningKey) -> HubEnd:
        if isinstance(self._answer, LinkError):
            raise self._answer
        said = self._answer if isinstance(self._answer, bytes) else with_length(encode_answer(self._answer))
        end = HubEnd(said, self._hub.public)
        self.ends.append(end)
        assert key == TOKEN
        return end

    def diagnostics(self) -> None:
        """None: there is no line."""


def answer(state: EnrolmentState, **extras: object) -> EnrolmentAnswer:
    return replace(EnrolmentAnswer(state, "told by the office", (CHAIN[1],)), **extras)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A gate that was enrolled by a bundle."""
    save_enrolment(tmp_path, ENROLMENT)
    load_or_make(tmp_path / TOKEN_FILE, random_bytes=lambda _size: TOKEN.seed)
    return tmp_path


def before(enrolling: Enrolling, way: Way) -> LinkError | None:
    """Why the gate need not dial; ``None``: it may."""
    try:
        asyncio.run(enrolling.before(way, AUTHORITY, NOW))
    except LinkError as error:
        return error
    return None


def stage(directory: Path) -> EnrolmentStage:
    found = load_enrolment(directory)
    assert found is not None
    return found.stage


def test_the_request_is_presented_by_the_token(directory: Path) -> None:
    enrolling, way = Enrolling(directory), Way(answer(EnrolmentState.PENDING))
    assert "provisional, key" in enrolling.told
    assert isinstance(before(enrolling, way), NotAcceptedYetError)
    assert way.ends[0].heard == signed_request()
    assert way.ends[0].closed
    assert "told by the office" in enrolling.told
    assert stage(directory) is EnrolmentStage.PROVISIONAL


def test_a_lost_network_is_told_as_one(directory: Path) -> None:
    lost = LostLinkError("no network")
    enrolling = Enrolling(directory)
    assert before(enrolling, Way(lost)) is lost
    assert "could not be asked: no network" in enrolling.told


def test_an_accepted_gate_dials_with_its_own_key(directory: Path) -> None:
    enrolling = Enrolling(directory)
    assert before(enrolling, Way(answer(EnrolmentState.ACCEPTED))) is None
    enrolling.confirmed()
    assert enrolling.told == ""
    assert stage(directory) is EnrolmentStage.CONFIRMED
    assert not (directory / TOKEN_FILE).exists()
    assert before(enrolling, Way(LostLinkError("never asked"))) is None


def test_a_refusal_is_kept_and_not_asked_again(directory: Path) -> None:
    assert isinstance(before(Enrolling(directory), Way(answer(EnrolmentState.REFUSED))), RefusedByPeerError)
    assert stage(directory) is EnrolmentStage.REFUSED
    again, way = Enrolling(directory), Way(answer(EnrolmentState.PENDING))
    assert before(again, way) is None
    assert way.ends == []


@pytest.mark.parametrize(
    ("said", "hub"),
    [
        (answer(EnrolmentState.REFUSED, delegations=()), ONLINE),
        (answer(EnrolmentState.REFUSED), MANAGER),
        (answer(EnrolmentState.REFUSED, delegations=(CHAIN[2],)), MANAGER),
        (answer(EnrolmentState.REFUSED, delegations=(b"noise",)), ONLINE),
        (answer(EnrolmentState.REFUSED, withdrawals=withdraw(1, ONLINE)), ONLINE),
    ],
    ids=["no chain", "another key", "another role", "forged chain", "withdrawn"],
)
def test_only_a_hub_of_this_estate_counts(directory: Path, said: EnrolmentAnswer, hub: SigningKey) -> None:
    assert isinstance(before(Enrolling(directory), Way(said, hub)), WrongHubError)
    assert stage(directory) is EnrolmentStage.PROVISIONAL


@pytest.mark.parametrize("said", [b"", b"\xff\xff\xff\xff", b"\x01\x00", bytes(20_000)], ids=len)
def test_what_is_no_answer_changes_nothing(directory: Path, said: bytes) -> None:
    assert isinstance(before(Enrolling(directory), Way(said)), LostLinkError)
    assert stage(directory) is EnrolmentStage.PROVISIONAL


def test_where_the_token_is_turned_away_the_own_key_decides(directory: Path) -> None:
    enrolling = Enrolling(directory)
    assert before(enrolling, Way(REFUSED)) is None
    assert "does not take this bundle's token" in enrolling.told
    assert stage(directory) is EnrolmentStage.PROVISIONAL


def test_the_offices_text_cannot_steer_a_terminal(directory: Path) -> None:
    enrolling = Enrolling(directory)
    before(enrolling, Way(answer(EnrolmentState.PENDING, text="\x1b[2J\nnow")))
    assert enrolling.told.isprintable()


def test_a_gate_without_a_bundle_or_with_a_damaged_note_is_left_alone(tmp_path: Path) -> None:
    for damaged in (False, True):
        if damaged:
            (tmp_path / FILE_NAME).write_bytes(b"damaged")
        enrolling = Enrolling(tmp_path)
        assert enrolling.told == ""
        assert before(enrolling, Way(answer(EnrolmentState.PENDING))) is None
        enrolling.confirmed()
