"""The sync process of a gate that the office does not know yet: it asks, until a person has decided.

The gate works meanwhile by the list of its bundle. The request goes over a link that the
bundle's token opens; once the office has accepted the gate, it dials with its own key.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from sync.codec import CodecError
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState, answer_reader, decode_answer, with_length
from sync.gate_key import GateKeyError, fingerprint, load
from sync.hub_authority import authorise_hub
from sync.keys import SigningKey
from sync.link_errors import LinkError, LostLinkError, NotAcceptedYetError, RefusedByPeerError, WrongHubError
from sync.statements.authority import Authority
from sync.statements.refusal import StatementError
from sync.streams import ByteStream
from terminal.agent.link import Link
from terminal.stores.enrolment_file import (
    TOKEN_FILE,
    Enrolment,
    EnrolmentStage,
    load_enrolment,
    save_enrolment,
)
from terminal.stores.errors import StoreError

WITHIN_S: Final = 60.0
"""A request of half a kilobyte and its answer take seconds at 9600 baud beside other gates."""


class Enrolling:
    """What this gate still has to do to be known; nothing, where it was set up without a bundle."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._token: SigningKey | None = None
        self._enrolment: Enrolment | None = None
        # Unreadable: the link decides; a registered key is let in whatever stands here.
        with contextlib.suppress(StoreError, GateKeyError):
            self._enrolment = load_enrolment(directory)
            self._token = load(directory / TOKEN_FILE)
        self.told = self._shown("not asked yet")
        """For the status line; empty once the office has confirmed this gate."""

    def confirmed(self) -> None:
        """A hub of this estate has let the gate in by its own key."""
        self.told = ""
        if self._enrolment is None or self._enrolment.stage is EnrolmentStage.CONFIRMED:
            return
        # On a full disk it stays provisional, and is confirmed at the next greeting.
        with contextlib.suppress(StoreError):
            self._keep(self._enrolment, EnrolmentStage.CONFIRMED)
            (self._directory / TOKEN_FILE).unlink(missing_ok=True)
            self._token = None

    async def before(self, link: Link, authority: Authority, floor: int) -> None:
        """Ask to be enrolled, while this gate waits for it; then it may dial with its own key.

        The token goes first, so that a gate which waits for days is no stranger at the hub's door.

        Raises:
            LinkError: it need not dial, and why: the office has not decided, or has refused.
        """
        enrolment, token = self._enrolment, self._token
        if token is None or enrolment is None or enrolment.stage is not EnrolmentStage.PROVISIONAL:
            return
        try:
            answer = await _ask(link, token, enrolment.request, authority, floor)
        except RefusedByPeerError as error:
            self.told = self._shown(f"the office does not take this bundle's token: {error}")
            return
        except LinkError as error:
            self.told = self._shown(f"the office could not be asked: {error}")
            raise
        self._heed(enrolment, answer)

    def _heed(self, enrolment: Enrolment, answer: EnrolmentAnswer) -> None:
        text = "".join(one if one.isprintable() else " " for one in answer.text)
        self.told = self._shown(text)
        match answer.state:
            case EnrolmentState.PENDING:
                raise NotAcceptedYetError(text)
            case EnrolmentState.REFUSED:
                with contextlib.suppress(StoreError):
                    self._keep(enrolment, EnrolmentStage.REFUSED)
                raise RefusedByPeerError(text)

    def _keep(self, enrolment: Enrolment, stage: EnrolmentStage) -> None:
        self._enrolment = replace(enrolment, stage=stage)
        save_enrolment(self._directory, self._enrolment)

    def _shown(self, text: str) -> str:
        enrolment = self._enrolment
        if enrolment is None or enrolment.stage is EnrolmentStage.CONFIRMED:
            return ""
        return f"provisional, key {fingerprint(enrolment.public)}: {text}"


async def _ask(
    link: Link, token: SigningKey, request: bytes, authority: Authority, floor: int
) -> EnrolmentAnswer:
    """The office's answer; raises ``LinkError``."""
    stream = await link.connect_as(token)
    try:
        async with asyncio.timeout(WITHIN_S):
            answer = await _exchange(stream, request)
    except TimeoutError:
        raise LostLinkError(f"the hub did not answer the request to enrol within {WITHIN_S:g} s") from None
    finally:
        stream.close()
    _check_hub(stream.peer_public_key, answer, authority, floor)
    return answer


async def _exchange(stream: ByteStream, request: bytes) -> EnrolmentAnswer:
    await stream.write(with_length(request))
    reader = answer_reader()
    while True:
        data = await stream.read()
        if not data:
            raise LostLinkError("the hub ended the link before it had answered the request to enrol")
        try:
            message = reader.feed(data)
            if message is not None:
                return decode_answer(message)
        except CodecError as error:
            raise LostLinkError(
                f"what the hub answered to the request to enrol is no answer: {error}"
            ) from None


def _check_hub(public: bytes, answer: EnrolmentAnswer, authority: Authority, floor: int) -> None:
    """Only a hub of this estate may say what becomes of a request."""
    try:
        authority = authority.learn(answer.delegations, answer.withdrawals)
    except StatementError as error:
        raise WrongHubError(f"whoever answers as hub shows what no root has signed: {error}") from None
    authorise_hub(authority.anchor, authority.withdrawn, authority.delegations, public, floor)
