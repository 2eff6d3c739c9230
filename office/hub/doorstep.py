"""Links of gates that were invited and whose keys nobody has accepted yet: one request, one answer, the end.

TLS has admitted them by the token of their bundle, and by nothing else; a stranger does not
come so far. No session begins here, so that nothing but a request can be said.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.enrolment_intake import take_request
from office.hub.facts import Gate, InvitationState, LinkKind
from office.hub.online import OnlineKey
from office.hub.port import HubStorage
from sync.codec import CodecError
from sync.enrolment import verify_enrolment
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState, encode_answer, request_reader, with_length
from sync.keys import key_id
from sync.link_errors import (
    CrowdedError,
    LinkError,
    LostLinkError,
    SlowHandshakeError,
    UninvitedTalkError,
    UnknownGateError,
)
from sync.statements.refusal import StatementError
from sync.streams import ByteStream

MOST_AT_ONCE: Final = 16
"""Technicians who enrol in the same moment; more is somebody who holds links open."""
TELLS_FOR_S: Final = 600
"""So long a gate may ask by its token and hear that it was accepted; it asks once a minute at least."""
WITHIN_S: Final = 10.0
WITHIN_ON_SERIAL_S: Final = 60.0
"""A request of half a kilobyte and its answer take seconds at 9600 baud beside other gates."""


class Doorstep:
    """Serves invited gates until a person has decided."""

    def __init__(
        self,
        store: HubStorage,
        online: OnlineKey,
        now_s: Callable[[], int],
        turned_away: Callable[[str, str], None],
        *,
        within_s: float = WITHIN_S,
    ) -> None:
        """``turned_away`` is told the name and the text of what went wrong."""
        self._within_s = within_s
        self._store = store
        self._online = online
        self._now_s = now_s
        self._turned_away = turned_away
        self._here = 0

    def invited(self) -> list[Gate]:
        """Gates with an invitation, each with its token in the key's place: whom TLS may let in besides."""
        now, found = self._now_s(), []
        invitations = self._store.invitations
        for one in [*invitations.alive(), *invitations.accepted_since(now - TELLS_FOR_S)]:
            gate = self._store.gates.get(one.gate_id)
            waits = one.state is not InvitationState.OPEN or now < one.not_after
            if waits and gate.struck_at is None and gate.link is not LinkKind.FILE:
                found.append(replace(gate, public_key=one.token))
        return found

    def let_in(self) -> list[Gate]:
        """Everybody whom TLS is to let in: registered gates by their keys, invited ones by their tokens."""
        known = [one for one in self._store.gates.all() if one.struck_at is None and one.public_key]
        return [*known, *self.invited()]

    async def serve(self, stream: ByteStream, token: bytes) -> None:
        """Take one request of whoever proved to have this token, and answer it.

        Raises:
            LinkError: nobody with this token is invited, or what came is no request in time.
        """
        gate = next((one for one in self.invited() if one.public_key == token), None)
        if gate is None:
            raise UnknownGateError(f"key {key_id(token).hex()} is no registered gate's, or was struck off")
        self._here += 1
        try:
            await self._converse(stream, gate)
        except LinkError as error:
            self._turned_away(error.attack, f"gate {gate.gate_id}, which was invited: {error}")
            raise
        finally:
            self._here -= 1

    async def _converse(self, stream: ByteStream, gate: Gate) -> None:
        if self._here > MOST_AT_ONCE:
            raise CrowdedError(f"{MOST_AT_ONCE} gates enrol at the same time, and no more may")
        within_s = WITHIN_ON_SERIAL_S if gate.link is LinkKind.SERIAL else self._within_s
        try:
            async with asyncio.timeout(within_s):
                answer = self._judge(await _read(stream), gate)
                await stream.write(with_length(encode_answer(answer)))
                await _farewell(stream)
        except OfficeError as error:
            raise LostLinkError(f"its request could not be taken in: {error}") from None
        except TimeoutError:
            raise SlowHandshakeError(
                f"it did not ask, or did not leave, within {within_s:g} s: look at its line"
            ) from None

    def _judge(self, signed: bytes, gate: Gate) -> EnrolmentAnswer:
        with contextlib.suppress(StatementError):
            if verify_enrolment(signed).token != gate.public_key:
                return EnrolmentAnswer(
                    EnrolmentState.REFUSED, "the request is of another token than this link"
                )
        return replace(
            take_request(self._store, signed, self._now_s()),
            delegations=self._online.delegations,
            withdrawals=self._online.withdrawals,
        )


async def _read(stream: ByteStream) -> bytes:
    reader = request_reader()
    while True:
        data = await stream.read()
        if not data:
            raise LostLinkError("the gate ended the link before it had asked")
        try:
            request = reader.feed(data)
        except CodecError as error:
            raise UninvitedTalkError(f"what it said is no request: {error}") from None
        if request is not None:
            return request


async def _farewell(stream: ByteStream) -> None:
    """Wait until the gate has read the answer and leaves: a close now could overtake it."""
    with contextlib.suppress(LostLinkError):  # it needs no manners any more
        if await stream.read():
            raise UninvitedTalkError("it said more than its request")
