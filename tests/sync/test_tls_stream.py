"""TLS over any stream: both ends proved, whole or torn wires, and every failure by its name."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from sync.link_errors import (
    DowngradedTlsError,
    GarbledHandshakeError,
    LinkError,
    LostLinkError,
    NoCertificateError,
    RefusedByPeerError,
    SlowHandshakeError,
    TamperedStreamError,
    UnknownGateError,
)
from sync.tls_context import gate_context, hub_context
from sync.tls_stream import MAX_HANDSHAKE_BYTES, TlsStream, _cause, handshake
from tests.support.estate import key
from tests.support.network import run
from tests.support.pipes import PipeEnd, Wire, byte_by_byte, pipe, whole

HUB, GATE, STRANGER = key("hub"), key("gate 7"), key("stranger")
WITHIN_S = 8.0
"""For a hang; nothing here waits for it."""
GATE_TLS = gate_context(GATE)
HUB_TLS = hub_context(HUB, [GATE.public], tickets=1)
SERIAL_HUB_TLS = hub_context(HUB, [GATE.public], tickets=0)


async def meet(
    below: tuple[PipeEnd, PipeEnd],
    *,
    gate: ssl.SSLContext = GATE_TLS,
    hub: ssl.SSLContext = HUB_TLS,
    session: ssl.SSLSession | None = None,
) -> tuple[TlsStream | BaseException, TlsStream | BaseException]:
    """What both sides' handshakes come to: gate's, hub's."""

    async def one(end: PipeEnd, context: ssl.SSLContext, *, server_side: bool) -> TlsStream:
        used = None if server_side else session
        try:
            return await handshake(end, context, server_side=server_side, within_s=WITHIN_S, session=used)
        except LinkError:
            # As a real link does it: the last words are still read.
            await end.put(b"")
            raise

    ours, theirs = await asyncio.gather(
        one(below[0], gate, server_side=False),
        one(below[1], hub, server_side=True),
        return_exceptions=True,
    )
    return ours, theirs


async def met(
    below: tuple[PipeEnd, PipeEnd], *, hub: ssl.SSLContext = HUB_TLS, session: ssl.SSLSession | None = None
) -> tuple[TlsStream, TlsStream]:
    """Both ends of an established link."""
    ours, theirs = await meet(below, hub=hub, session=session)
    assert isinstance(ours, TlsStream)
    assert isinstance(theirs, TlsStream)
    return ours, theirs


def session_of(stream: TlsStream) -> ssl.SSLSession:
    """What resumes the link."""
    session = stream.session
    assert session is not None
    return session


async def read_bytes(stream: TlsStream, count: int) -> bytes:
    """The next ``count`` bytes."""
    data = b""
    while len(data) < count:
        piece = await stream.read()
        assert piece
        data += piece
    return data


@pytest.mark.parametrize("wire", [whole, byte_by_byte])
@pytest.mark.parametrize("hub", [HUB_TLS, SERIAL_HUB_TLS], ids=["network", "serial"])
def test_each_side_learns_the_others_key_and_hears_what_it_says(wire: Wire, hub: ssl.SSLContext) -> None:
    async def story() -> None:
        ours, theirs = await met(pipe(wire, wire), hub=hub)
        assert (ours.peer_public_key, theirs.peer_public_key) == (HUB.public, GATE.public)
        await ours.write(b"tap")
        assert await read_bytes(theirs, 3) == b"tap"
        await theirs.write(b"list" * 2_000)
        assert await read_bytes(ours, 8_000) == b"list" * 2_000
        await theirs.finish()
        assert await ours.read() == b""
        assert await ours.read() == b""

    run(story)


def test_a_serial_handshake_is_small() -> None:
    async def story() -> None:
        below = pipe()
        await met(below, hub=SERIAL_HUB_TLS)
        assert below[0].sent_bytes + below[1].sent_bytes < 1600

    run(story)


def test_a_python_that_cannot_name_the_curve_meets_one_that_can(mocker: MockerFixture) -> None:
    """Debian 12's 3.11.2 over OpenSSL 3.0, whose first choice is that curve anyway."""
    unable = ssl.SSLError(1, "[EC: UNKNOWN_GROUP] unknown group (_ssl.c:4349)")
    mocker.patch.object(ssl.SSLContext, "set_ecdh_curve", side_effect=unable)
    old = gate_context(GATE)

    async def story() -> None:
        ours, theirs = await meet(pipe(), gate=old)
        assert isinstance(ours, TlsStream)
        assert isinstance(theirs, TlsStream)

    run(story)


def test_a_gate_that_was_accepted_gets_a_ticket_and_resumes_with_it() -> None:
    async def story() -> None:
        ours, _ = await met(pipe())
        assert not ours.resumed
        assert ours.session is None
        await ours.accepted()
        first = session_of(ours)
        again, there = await met(pipe(), session=first)
        assert again.resumed
        assert there.resumed
        assert (again.peer_public_key, there.peer_public_key) == (HUB.public, GATE.public)
        await again.accepted()
        assert session_of(again).id != first.id

    run(story)


def test_what_the_hub_says_at_once_proves_acceptance_and_is_not_lost() -> None:
    async def story() -> None:
        ours, theirs = await met(pipe(), hub=SERIAL_HUB_TLS)
        await theirs.write(b"hello")
        await ours.accepted()
        assert await ours.read() == b"hello"

    run(story)


def test_a_ticket_of_a_hub_that_made_its_context_anew_is_worth_nothing() -> None:
    async def story() -> None:
        ours, _ = await met(pipe())
        await ours.accepted()
        again, there = await met(pipe(), hub=hub_context(HUB, [GATE.public], tickets=1), session=ours.session)
        assert not again.resumed
        assert there.peer_public_key == GATE.public

    run(story)


def test_a_struck_off_gate_is_refused_although_it_has_a_ticket() -> None:
    async def story() -> None:
        ours, _ = await met(pipe())
        await ours.accepted()
        again, there = await meet(pipe(), hub=hub_context(HUB, [], tickets=1), session=ours.session)
        assert isinstance(there, UnknownGateError)
        assert isinstance(again, TlsStream)
        with pytest.raises(RefusedByPeerError):
            await again.accepted()

    run(story)


def no_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def older(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize(
    ("gate", "named"),
    [(gate_context(STRANGER), UnknownGateError), (no_certificate(), NoCertificateError)],
    ids=["unregistered", "no certificate"],
)
def test_a_hub_refuses_a_stranger_by_name_and_tells_him(gate: ssl.SSLContext, named: type[LinkError]) -> None:
    async def story() -> None:
        ours, theirs = await meet(pipe(), gate=gate)
        assert type(theirs) is named
        # A TLS 1.3 client is done before it is judged: it learns by its first read, and so at every later.
        assert isinstance(ours, TlsStream)
        for _ in range(2):
            with pytest.raises(RefusedByPeerError):
                await ours.read()

    run(story)


@pytest.mark.parametrize(
    ("gate", "hub"),
    [
        (older(gate_context(GATE)), HUB_TLS),
        (GATE_TLS, older(hub_context(HUB, [GATE.public], tickets=0))),
    ],
    ids=["old gate", "old hub"],
)
def test_a_downgrade_is_refused_by_both_sides(gate: ssl.SSLContext, hub: ssl.SSLContext) -> None:
    async def story() -> None:
        ours, theirs = await meet(pipe(), gate=gate, hub=hub)
        assert type(ours) is DowngradedTlsError
        assert type(theirs) is DowngradedTlsError

    run(story)


GARBAGE = {
    "another service": b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n",
    "zeroes": bytes(64),
    "an alert out of turn": bytes.fromhex("15030100020228"),
    "a large record": b"\x16\x03\x03\x40\x00" + b"\xff" * 16_384,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("server_side", [True, False], ids=["hub", "gate"])
def test_garbage_instead_of_a_handshake_is_named(garbage: bytes, server_side: bool) -> None:
    async def story() -> None:
        here, there = pipe()
        await there.put(garbage)
        context = HUB_TLS if server_side else GATE_TLS
        with pytest.raises(GarbledHandshakeError):
            await handshake(here, context, server_side=server_side, within_s=WITHIN_S)

    run(story)


@settings(max_examples=200)
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_instead_of_a_handshake_give_our_own_error(data: bytes, server_side: bool) -> None:
    async def story() -> None:
        here, there = pipe()
        if data:
            await there.put(data)
        await there.put(b"")
        context = HUB_TLS if server_side else GATE_TLS
        with pytest.raises(LinkError):
            await handshake(here, context, server_side=server_side, within_s=WITHIN_S)

    run(story)


def test_an_endless_handshake_is_cut_before_it_fills_the_memory() -> None:
    async def story() -> None:
        here, there = pipe()
        # A handshake message that claims to be as large as OpenSSL lets it, in good records.
        await there.put(b"\x16\x03\x03\x40\x00\x01\x01\xff\x00\x03\x03" + bytes(16_378))
        for _ in range(100):
            await there.put(b"\x16\x03\x03\x40\x00" + bytes(16_384))
        with pytest.raises(GarbledHandshakeError):
            await handshake(here, HUB_TLS, server_side=True, within_s=WITHIN_S)
        assert len(here.arrived) > 100 - MAX_HANDSHAKE_BYTES // 16_384 - 3

    run(story)


@pytest.mark.parametrize("server_side", [True, False], ids=["hub", "gate"])
def test_a_mute_peer_is_given_up_after_the_deadline(server_side: bool) -> None:
    async def story() -> None:
        here, _ = pipe()
        context = HUB_TLS if server_side else GATE_TLS
        with pytest.raises(SlowHandshakeError, match=r"0\.05 s"):
            await handshake(here, context, server_side=server_side, within_s=0.05)

    run(story)


def test_a_handshake_cut_anywhere_is_a_lost_link() -> None:
    async def length() -> int:
        here, there = pipe()
        await met((here, there))
        return here.sent_bytes

    total = asyncio.run(length())

    async def cut(after: int) -> None:
        left = after

        def wire(data: bytes) -> list[bytes]:
            nonlocal left
            arriving, left = data[:left], max(0, left - len(data))
            return [arriving, b""] if len(arriving) < len(data) else [data]

        _, theirs = await meet(pipe(wire))
        assert type(theirs) is LostLinkError, (after, theirs)

    for after in range(1, total, 37):
        asyncio.run(cut(after))


def test_a_cut_without_a_farewell_is_no_end() -> None:
    async def story() -> None:
        ours, theirs = await met(pipe())
        await ours.accepted()
        theirs.close()
        for _ in range(2):
            with pytest.raises(LostLinkError):
                await ours.read()

    run(story)


def test_every_python_knows_a_cut_for_a_cut() -> None:
    # As Debian 12's raises it, and only if it is asked to.
    error = ssl.SSLError()
    error.reason = "UNEXPECTED_EOF_WHILE_READING"
    assert type(_cause(error, GarbledHandshakeError, "")) is LostLinkError
    for context in (GATE_TLS, HUB_TLS):
        assert not context.options & ssl.OP_IGNORE_UNEXPECTED_EOF


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed_whichever_it_is(at: int) -> None:
    changing = False

    def wire(data: bytes) -> list[bytes]:
        if not changing:
            return [data]
        changed = bytearray(data)
        changed[at] ^= 0x01
        return [bytes(changed)]

    async def story() -> None:
        nonlocal changing
        ours, theirs = await met(pipe(wire))
        changing = True
        await ours.write(b"an instruction")
        with pytest.raises(TamperedStreamError):
            await theirs.read()

    run(story)


def test_a_record_sent_twice_is_noticed() -> None:
    doubling = False

    async def story() -> None:
        nonlocal doubling
        ours, theirs = await met(pipe(lambda data: [data, data] if doubling else [data]))
        doubling = True
        await ours.write(b"open")
        assert await theirs.read() == b"open"
        with pytest.raises(TamperedStreamError):
            await theirs.read()

    run(story)


def test_a_full_link_holds_up_its_writer_and_nothing_piles_up() -> None:
    async def story() -> None:
        below = pipe(capacity=4)
        ours, theirs = await met(below)
        sent = below[0].sent_bytes
        writing = asyncio.ensure_future(ours.write(bytes(1 << 20)))
        await below[0].held_up.wait()
        assert not writing.done()
        assert below[0].sent_bytes - sent < 6 * 17_000
        assert await read_bytes(theirs, 1 << 20) == bytes(1 << 20)
        await writing

    run(story)


def test_both_sides_may_send_much_at_the_same_time() -> None:
    async def story() -> None:
        ours, theirs = await met(pipe(capacity=2))
        size = 300_000
        _, _, here, there = await asyncio.gather(
            ours.write(b"a" * size),
            theirs.write(b"b" * size),
            read_bytes(ours, size),
            read_bytes(theirs, size),
        )
        assert (here, there) == (b"b" * size, b"a" * size)

    run(story)


def test_messages_of_two_tasks_stay_whole() -> None:
    async def story() -> None:
        ours, theirs = await met(pipe(capacity=2))
        size = 100_000
        reading = asyncio.ensure_future(read_bytes(theirs, 2 * size))
        await asyncio.gather(ours.write(b"a" * size), ours.write(b"b" * size))
        assert await reading == b"a" * size + b"b" * size

    run(story)
