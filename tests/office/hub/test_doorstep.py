"""A link that a token opened: one request may be said on it, in time and in bounds, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from office.hub.doorstep import MOST_AT_ONCE, TELLS_FOR_S, Doorstep
from office.hub.enrolment_intake import accept
from office.hub.facts import Gate, InvitationState, LinkKind
from sync.bundle_content import DAY_S
from sync.enrolment import MAX_REQUEST_BYTES
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState, answer_reader, decode_answer, with_length
from sync.gate_key import fingerprint
from sync.keys import SigningKey
from sync.link_errors import (
    CrowdedError,
    LinkError,
    LostLinkError,
    SlowHandshakeError,
    UninvitedTalkError,
    UnknownGateError,
)
from tests.support.estate import GATE_ID, NOW, key
from tests.support.inviting import InvitingOffice, opened, request_of
from tests.support.memory_stream import MemoryStream, joined
from tests.support.waiting import WITHIN_S

OWN = key("first unit")


class Step:
    """An office's doorstep, and what it told."""

    def __init__(self, office: InvitingOffice, within_s: float = WITHIN_S) -> None:
        self.office = office
        self.made = office.bundle()
        self.token: SigningKey = opened(self.made).token
        self.told: list[str] = []
        self.doorstep = Doorstep(
            office.store,
            office.online,
            lambda: office.now_s,
            lambda attack, _text: self.told.append(attack),
            within_s=within_s,
        )

    def link(self, token: bytes | None = None) -> tuple[MemoryStream, asyncio.Task[None]]:
        """A gate's end of a link that this token opened."""
        up, down = joined()
        return up, asyncio.create_task(self.doorstep.serve(down, token or self.token.public))

    async def says(self, *pieces: bytes, leaves: bool = True) -> LinkError:
        """How a link ends on which this is said."""
        up, served = self.link()
        for one in pieces:
            await up.write(one)
        if leaves:
            up.close()
        try:
            await asyncio.wait_for(served, WITHIN_S)
        except LinkError as error:
            return error
        raise AssertionError("it was served")

    async def asks(self, signed: bytes) -> EnrolmentAnswer:
        """The answer to a request."""
        up, served = self.link()
        for one in with_length(signed):  # byte by byte: a line may do that
            await up.write(bytes([one]))
        reader = answer_reader()
        while (message := reader.feed(await up.read())) is None:
            pass
        up.close()
        await asyncio.wait_for(served, WITHIN_S)
        return decode_answer(message)


def live(tmp_path: Path, story: Callable[[Step], Awaitable[None]], within_s: float = WITHIN_S) -> None:
    office = InvitingOffice(tmp_path)

    async def run() -> None:
        await story(Step(office, within_s))

    try:
        asyncio.run(run())
    finally:
        office.close()


def test_a_request_is_answered_with_what_proves_the_hub(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        signed = request_of(step.made, OWN)
        for _ in range(2):
            answer = await step.asks(signed)
            assert answer.state is EnrolmentState.PENDING
            assert answer.delegations == step.office.online.delegations
        assert step.told == []

    live(tmp_path, story)


def test_nothing_but_one_request_is_taken(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        signed = with_length(request_of(step.made, OWN))
        assert isinstance(await step.says(), LostLinkError)
        assert isinstance(await step.says(signed[:-1]), LostLinkError)
        assert isinstance(await step.says(b"\xff" * 5000), UninvitedTalkError)
        assert isinstance(await step.says(with_length(bytes(MAX_REQUEST_BYTES + 1))), UninvitedTalkError)
        (still,) = step.office.store.invitations.alive()
        assert still.state is InvitationState.OPEN
        assert isinstance(await step.says(signed + b"more"), UninvitedTalkError)
        assert isinstance(await step.says(signed, b"more", leaves=False), UninvitedTalkError)
        assert set(step.told) == {"lost_link", "uninvited_talk"}
        assert (await step.asks(b"noise")).state is EnrolmentState.REFUSED

    live(tmp_path, story)


def test_a_request_of_another_token_is_refused_and_not_noted(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        step.office.store.gates.add(Gate(8, "West gate", b"", LinkKind.NETWORK, None, NOW))
        up, served = step.link(key("some token").public)
        with pytest.raises(UnknownGateError):
            await served
        up.close()
        other = request_of(step.made, OWN)
        step.made = step.office.bundle()
        step.token = opened(step.made).token
        assert (await step.asks(other)).state is EnrolmentState.REFUSED
        (alive,) = step.office.store.invitations.alive()
        assert alive.key is None

    live(tmp_path, story)


def test_who_holds_the_link_open_is_cut(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        up, served = step.link()
        with pytest.raises(SlowHandshakeError):
            await served
        up.close()
        up, served = step.link()
        await up.write(with_length(request_of(step.made, OWN)))
        assert await up.read()
        with pytest.raises(SlowHandshakeError, match="did not leave"):
            await served
        up.close()
        assert step.told == ["slow_handshake"] * 2

    live(tmp_path, story, within_s=0.1)


def test_a_crowd_is_bounded(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        links = [step.link() for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0)
        assert isinstance(await step.says(), CrowdedError)
        for up, _ in links:
            up.close()
        await asyncio.gather(*(served for _, served in links), return_exceptions=True)
        assert (await step.asks(request_of(step.made, OWN))).state is EnrolmentState.PENDING

    live(tmp_path, story)


def test_only_living_invitations_of_linked_gates_are_let_in(tmp_path: Path) -> None:
    async def story(step: Step) -> None:
        assert [one.public_key for one in step.doorstep.invited()] == [step.token.public]
        step.office.utc_ms += 14 * DAY_S * 1000
        assert step.doorstep.invited() == [], "it has ended, and nobody asked in time"
        step.office.utc_ms -= DAY_S * 1000
        await step.asks(request_of(step.made, OWN))
        step.office.utc_ms += 30 * DAY_S * 1000
        assert len(step.doorstep.invited()) == 1, "who asked in time may ask how it stands"
        accept(step.office.store, fingerprint(OWN.public), step.office.now_s)
        assert (await step.asks(request_of(step.made, OWN))).state is EnrolmentState.ACCEPTED
        step.office.utc_ms += (TELLS_FOR_S + 1) * 1000
        assert step.doorstep.invited() == []
        step.office.bundle(replaces=True)
        assert len(step.doorstep.invited()) == 1
        step.office.store.gates.strike(GATE_ID, NOW)
        assert step.doorstep.invited() == []

    live(tmp_path, story)


def test_a_gate_that_only_files_reach_is_not_let_in(tmp_path: Path) -> None:
    office = InvitingOffice(tmp_path, link=LinkKind.FILE)
    try:
        assert Step(office).doorstep.invited() == []
    finally:
        office.close()
