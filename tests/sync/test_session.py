"""The session: who may say what when, transfers on every kind of link, and what ends it."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.messages import (
    Bye,
    Kind,
    LogBatch,
    LogEntry,
    LogFrom,
    Message,
    OrderSent,
    Piece,
    PulseAnswer,
    ReceiptSent,
    Role,
    Taken,
    Transfer,
    Unknown,
    Update,
    WantSnapshot,
)
from sync.session import MAX_UNKNOWN, Session, SessionMisuseError
from sync.session_events import (
    Delivered,
    Ended,
    EnvelopeReceived,
    Greeted,
    PulseDue,
    TimeAnswered,
)
from sync.session_table import MOVES, RULES, Happening, State
from sync.transfer import MemoryPieces
from tests.support.session_pair import PACE, Link, Pair, hello, ragged, single_bytes, whole

LINKS = {"whole": whole, "single bytes": single_bytes, "ragged": ragged(1)}
EPOCH = b"log-epoch-16byte"
ENVELOPE = Random(3).randbytes(5_000)


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> Link:
    return LINKS[request.param]


def opened(link: Link = whole, **options: object) -> Pair:
    pair = Pair(link, **options)  # type: ignore[arg-type]
    pair.settle()
    assert pair.gate.state is pair.office.state is State.OPEN
    return pair


def state(session: Session) -> State:
    return session.state


def batch(first: int, count: int = 3) -> LogBatch:
    entries = tuple(LogEntry(b"event %d" % number, None) for number in range(first, first + count))
    return LogBatch(EPOCH, first, entries, b"head")


def test_both_ends_greet(link: Link) -> None:
    pair = opened(link)
    assert pair.at_gate[0] == Greeted(pair.office.hello)
    assert pair.at_office[0] == Greeted(pair.gate.hello)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role": Role.OFFICE}, "wrong_role"),
        ({"estate_id": b"estate-2"}, "wrong_estate"),
        ({"gate_id": 8}, "wrong_gate"),
        ({"versions": (9,)}, "unsupported_version"),
    ],
)
def test_a_hello_that_does_not_fit_ends_the_session_by_name(change: dict[str, object], code: str) -> None:
    pair = Pair(gate=replace(hello(Role.GATE), **change))
    pair.settle()
    ended = pair.ended(pair.at_office)
    assert ended is not None
    assert (ended.code, pair.office.state) == (code, State.FAILED)
    told = pair.ended(pair.at_gate)
    assert told is not None
    assert told.code == code


@pytest.mark.parametrize("size", [1, 99, 100, 101, 999, 5_000, 40_000])
def test_an_update_arrives_as_it_was_sent(link: Link, size: int) -> None:
    envelope = Random(size).randbytes(size)
    pair = opened(link)
    pair.office.send_envelope(envelope)
    pair.settle()
    assert EnvelopeReceived(envelope) in pair.at_gate
    if size > PACE.piece_bytes:
        assert Delivered(sha256(envelope).digest()) in pair.at_office


def test_a_transfer_goes_on_where_it_was_cut_at_any_byte() -> None:
    """Also after a restart of the office, and of the gate if its pieces are kept."""
    for cut in range(1, 6_000, 97):
        pieces = MemoryPieces()
        pair = opened(pieces=pieces)
        pair.cut_after = cut
        pair.office.send_envelope(ENVELOPE)
        pair.settle()
        arrived = EnvelopeReceived(ENVELOPE) in pair.at_gate
        if arrived:
            continue
        before = len(pieces.whole())
        again = opened(pieces=pieces)
        again.office.send_envelope(ENVELOPE)
        again.settle()
        assert EnvelopeReceived(ENVELOPE) in again.at_gate
        sent = sum(len(one) for one in again.sent)
        assert sent < len(ENVELOPE) - before + 1_000, "what was there is not sent again"


def test_a_revocation_overtakes_a_running_snapshot_and_the_log() -> None:
    pair = opened()
    pair.office.send_envelope(ENVELOPE)
    for first in range(1, 10, 3):
        pair.gate.send(batch(first))
    for _ in range(8):
        pair.carry(PACE.piece_bytes)
    pair.office.send(Update(b"revocation"))
    pair.gate.send(ReceiptSent(b"receipt"))
    pair.carry(PACE.piece_bytes)
    assert pair.at_gate[-1] == EnvelopeReceived(b"revocation")
    assert ReceiptSent(b"receipt") in pair.messages(pair.at_office)
    assert EnvelopeReceived(ENVELOPE) not in pair.at_gate
    pair.settle()
    assert EnvelopeReceived(ENVELOPE) in pair.at_gate


def test_a_transfer_that_is_dropped_sends_nothing_more_and_another_may_follow() -> None:
    pair = opened()
    pair.office.send_envelope(ENVELOPE)
    for _ in range(10):
        pair.carry()
    pair.office.drop_transfer()
    pair.office.send_envelope(ENVELOPE[::-1])
    pair.settle()
    assert EnvelopeReceived(ENVELOPE) not in pair.at_gate
    assert EnvelopeReceived(ENVELOPE[::-1]) in pair.at_gate


def test_the_sender_never_runs_more_than_a_window_ahead() -> None:
    pair = opened()
    pair.office.send_envelope(ENVELOPE)
    pair.settle(helping=10)
    pair = opened()
    pair.office.send_envelope(ENVELOPE)
    pair.carry()
    pair.gate.data_to_send(1 << 20)  # its answer is on the way
    sent = b""
    pair.office.receive(bytes([37, 0x93, 13, 0xC4, 32]) + sha256(ENVELOPE).digest() + b"\x00", pair.now)
    while data := pair.office.data_to_send(1 << 20):
        sent += data
    assert PACE.window_bytes <= len(sent) < PACE.window_bytes + 200


def test_log_batches_wait_for_acknowledgements() -> None:
    pair = opened()
    first = 1
    while pair.gate.log_room:
        pair.gate.send(batch(first))
        first += 3
        pair.settle()
    assert first == 1 + 3 * PACE.batches
    pair.acknowledge(EPOCH, 3)
    pair.settle()
    assert pair.gate.log_room


def test_time_is_asked_for_in_its_rhythm_and_answered_to_its_nonce() -> None:
    pair = opened()
    pair.pass_time(0)
    assert pair.at_gate[-1] == PulseDue()
    pair.gate.ask_time(bytes(16), 5_000, pair.now)
    pair.settle()
    pair.now += 0.25
    pair.office.send(PulseAnswer(b"signed"))
    pair.settle()
    answered = pair.at_gate[-1]
    assert isinstance(answered, TimeAnswered)
    assert (answered.signed, answered.asked_boottime_ms, answered.round_trip_s) == (b"signed", 5_000, 0.25)
    count = len(pair.at_gate)
    pair.office.send(PulseAnswer(b"once more"))
    pair.settle()
    assert len(pair.at_gate) == count, "an answer to no question is passed over"


def test_a_half_open_link_is_noticed_by_both() -> None:
    pair = opened()
    pair.pass_time(PACE.silence_s - 1)
    assert pair.gate.state is pair.office.state is State.OPEN
    pair.pass_time(2)
    assert state(pair.gate) is state(pair.office) is State.FAILED
    for events in (pair.at_gate, pair.at_office):
        ended = pair.ended(events)
        assert ended is not None
        assert ended.code == "silent"


def test_a_peer_that_sends_no_whole_message_is_silent() -> None:
    """Slow loris: bytes that never make a message do not keep a session alive."""
    pair = opened()
    pair.office.receive(b"\x7f", pair.now)
    for _ in range(70):
        pair.now += 1
        pair.office.receive(b"x", pair.now)
        pair.office.on_time(pair.now)
    assert state(pair.office) is State.FAILED


def test_unknown_kinds_are_answered_and_bounded() -> None:
    pair = opened()
    pair.office.receive(bytes([3, 0x92, 99, 0]), pair.now)
    pair.settle()
    assert Unknown(99) in pair.messages(pair.at_gate)
    assert pair.office.state is State.OPEN
    pair.office.receive(bytes([3, 0x92, 99, 0]) * MAX_UNKNOWN, pair.now)
    assert state(pair.office) is State.FAILED


def test_an_end_that_does_not_read_is_given_up() -> None:
    pair = opened()
    for _ in range(100):
        if pair.office.state is State.OPEN:
            pair.office.send(Update(bytes(60_000)))
    assert pair.office.state is State.FAILED


EXAMPLES: dict[Kind, Message] = {
    Kind.PULSE_ANSWER: PulseAnswer(b"x"),
    Kind.RECEIPT: ReceiptSent(b"x"),
    Kind.WANT_SNAPSHOT: WantSnapshot("gap"),
    Kind.LOG_FROM: LogFrom(None, 0),
    Kind.ORDER: OrderSent(b"x"),
    Kind.PIECE: Piece(0, b"x"),
    Kind.TAKEN: Taken(bytes(32), 0),
    Kind.TRANSFER: Transfer(bytes(32), 9),
    Kind.BYE: Bye("x"),
}


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("role", Role)
def test_only_what_the_table_allows_can_be_said(kind: Kind, role: Role) -> None:
    pair = opened()
    session = pair.gate if role is Role.GATE else pair.office
    if role in RULES[kind].senders:
        session.send(EXAMPLES[kind])
    else:
        with pytest.raises(SessionMisuseError):
            session.send(EXAMPLES[kind])


def test_nothing_is_said_before_the_greeting_nor_after_the_end() -> None:
    pair = Pair()
    with pytest.raises(SessionMisuseError):
        pair.gate.send(WantSnapshot("early"))
    pair.settle()
    pair.gate.send(Bye("done"))
    with pytest.raises(SessionMisuseError):
        pair.gate.send(WantSnapshot("late"))
    pair.settle()
    assert pair.ended(pair.at_office) == Ended("done", "", by_peer=True)


def test_every_kind_has_its_rule_and_failure_is_a_trap() -> None:
    assert set(RULES) == set(Kind)
    assert not [pair for pair in MOVES if pair[0] in (State.CLOSED, State.FAILED)]
    assert {(State.OPEN, one) for one in Happening} - {(State.OPEN, Happening.GREETED)} <= set(MOVES)


@given(st.lists(st.binary(max_size=200), max_size=8), st.booleans())
def test_any_bytes_leave_a_session_that_works_or_has_failed(chunks: list[bytes], greeted: bool) -> None:
    pair = opened() if greeted else Pair()
    for chunk in chunks:
        if chunk:
            pair.gate.receive(chunk, pair.now)
    assert pair.gate.state in (State.GREETING, State.OPEN, State.FAILED, State.CLOSED)
    assert len(pair.gate.data_to_send(1 << 22)) < 1 << 20
    pair.gate.receive(b"", pair.now)
    assert pair.gate.state in (State.CLOSED, State.FAILED)
    assert pair.gate.next_deadline() is None


@given(st.integers(0, 4_000), st.integers(0, 7), st.integers(0, 1_000))
def test_a_flipped_bit_never_passes_for_the_envelope(at: int, bit: int, seed: int) -> None:
    """TLS would end the connection first; the session does not rely on it."""
    flipped = [at]

    def spoil(data: bytes) -> list[bytes]:
        if flipped and len(data) > flipped[0]:
            spoiled = bytearray(data)
            spoiled[flipped.pop()] ^= 1 << bit
            return [bytes(spoiled)]
        if flipped:
            flipped[0] -= len(data)
        return [data]

    pair = opened()
    pair._link = spoil
    envelope = Random(seed).randbytes(2_000)
    pair.office.send_envelope(envelope)
    pair.settle()
    received = [one.envelope for one in pair.at_gate if isinstance(one, EnvelopeReceived)]
    assert received in ([], [envelope])


def test_a_session_alone_says_only_hello() -> None:
    session = Session(hello(Role.GATE), pace=PACE, now=0.0, random_bytes=bytes)
    assert session.data_to_send(1 << 16)
    assert session.data_to_send(1 << 16) == b""
    session.on_time(PACE.greeting_s)
    assert session.state is State.FAILED
