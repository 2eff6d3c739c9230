"""TLS over any byte stream, network or serial: what comes out is authenticated, or an error.

`ssl.MemoryBIO` keeps OpenSSL away from sockets. Memory is bounded: one read of the link below
waits to be decrypted, and a write is sealed piece by piece as the link takes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Final

from sync.identity import public_key
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
from sync.streams import ByteStream

PIECE_BYTES: Final = 16_384
"""The most a TLS record holds (RFC 8446, 5.1)."""
MAX_HANDSHAKE_BYTES: Final = 65_536
"""A handshake of ours brings less than 1.2 kB; a stranger's certificates may be larger."""
FAREWELL_WITHIN_S: Final = 2.0

_NOT_REGISTERED: Final = (
    "the peer's key is no registered gate's: register the gate, or find out who calls with a key that was"
    " struck off"
)
_NOT_ACCEPTED: Final = (
    "the other side does not accept this key: register it there, or provision this device anew"
)
_CAUSES: Final[dict[str, tuple[type[LinkError], str]]] = {
    "CERTIFICATE_VERIFY_FAILED": (UnknownGateError, _NOT_REGISTERED),
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": (NoCertificateError, "the peer shows no certificate: it is no gate"),
    "UNSUPPORTED_PROTOCOL": (DowngradedTlsError, "the peer offers only a TLS older than 1.3: update it"),
    "TLSV1_ALERT_PROTOCOL_VERSION": (DowngradedTlsError, "the peer does not speak TLS 1.3: update it"),
    "TLSV1_ALERT_UNKNOWN_CA": (RefusedByPeerError, _NOT_ACCEPTED),
    "TLSV1_ALERT_ACCESS_DENIED": (RefusedByPeerError, _NOT_ACCEPTED),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": (RefusedByPeerError, _NOT_ACCEPTED),
    "SSLV3_ALERT_BAD_CERTIFICATE": (RefusedByPeerError, _NOT_ACCEPTED),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": (RefusedByPeerError, _NOT_ACCEPTED),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": (RefusedByPeerError, _NOT_ACCEPTED),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": (RefusedByPeerError, _NOT_ACCEPTED),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": (RefusedByPeerError, _NOT_ACCEPTED),
}
"""What OpenSSL calls it (its reason names are the same since 1.1.1), and what it means here."""


class TlsStream:
    """A `ByteStream` whose other end has proved that it owns ``peer_public_key``. Made by `handshake`."""

    def __init__(
        self, below: ByteStream, tls: ssl.SSLObject, bios: tuple[ssl.MemoryBIO, ssl.MemoryBIO]
    ) -> None:
        self._below = below
        self._tls = tls
        self._incoming, self._outgoing = bios
        self._sending = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._ahead = b""
        self._error: LinkError | None = None
        self._session_id = b""
        self.peer_public_key = b""

    @property
    def resumed(self) -> bool:
        """Whether the handshake was shortened by a ticket."""
        return bool(self._tls.session_reused)

    @property
    def session(self) -> ssl.SSLSession | None:
        """What resumes this session later, once the peer has sent a ticket for it."""
        session = self._tls.session
        return session if session is not None and session.has_ticket else None

    async def read(self) -> bytes:
        """The next bytes; ``b""`` after the peer's farewell. A cut without it is a ``LostLinkError``."""
        while not self._ahead:
            try:
                return self._open()
            except ssl.SSLWantReadError:
                await self._exchange()
        data, self._ahead = self._ahead, b""
        return data

    async def write(self, data: bytes) -> None:
        """Send ``data``, whole even if several tasks write; waits while the link is full."""
        async with self._writing:
            for start in range(0, len(data), PIECE_BYTES):
                try:
                    self._tls.write(data[start : start + PIECE_BYTES])
                except ssl.SSLError as error:
                    raise self._broken(error) from None
                await self._send()

    async def accepted(self) -> None:
        """Wait until the peer, a server that gives tickets, has accepted our key.

        In TLS 1.3 a client is done before the server has judged it. The first ticket or the
        first bytes tell that it has; a refusal comes as the error that it is.
        """
        while not self._ahead and not self._has_new_ticket():
            try:
                self._ahead = self._open()
            except ssl.SSLWantReadError:
                if not self._has_new_ticket():
                    await self._exchange()
            else:
                if not self._ahead:
                    raise LostLinkError("the peer ended the link before it had accepted us; trying again")

    async def finish(self) -> None:
        """Say farewell, so that the peer sees an end and no cut, and close."""
        try:
            async with asyncio.timeout(FAREWELL_WITHIN_S):
                self._say_farewell()
                await self._send()
        except (LinkError, TimeoutError):
            pass  # it is over either way
        finally:
            self.close()

    def close(self) -> None:
        """Give the link back at once."""
        self._below.close()

    async def shake(self, *, most_bytes: int) -> None:
        """The handshake; part of `handshake`, which also bounds its time."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                # Judged before more is taken: what came at last may be the handshake's end and much besides.
                if most_bytes < 0:
                    raise GarbledHandshakeError(
                        "the peer sends more than any handshake needs: it is no part of this system"
                    ) from None
                most_bytes -= await self._exchange()
            except ssl.SSLError as error:
                raise await self._fail(error) from None
            else:
                break
        await self._send()
        self.peer_public_key = public_key(self._tls.getpeercert(binary_form=True) or b"")
        session = self._tls.session
        self._session_id = b"" if session is None else session.id

    async def _fail(self, error: ssl.SSLError) -> LinkError:
        """The cause, after the alert that tells the peer was sent."""
        cause = _cause(error, GarbledHandshakeError, "what the peer sends is no TLS handshake")
        with contextlib.suppress(LinkError):  # the cause says more
            await self._send()
        return cause

    def _has_new_ticket(self) -> bool:
        session = self.session
        return session is not None and session.id != self._session_id

    def _open(self) -> bytes:
        """Decrypted bytes that are here already."""
        if self._error is not None:
            raise self._error
        try:
            return self._tls.read(PIECE_BYTES)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise self._broken(error) from None

    def _broken(self, error: ssl.SSLError) -> LinkError:
        """The cause; OpenSSL tells it once only, so it is kept."""
        if self._error is None:
            self._error = _cause(
                error, TamperedStreamError, "what came over the link was changed on its way; it is cut"
            )
        return self._error

    def _say_farewell(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it waits for the peer's own, which we do not
            self._tls.unwrap()

    async def _exchange(self) -> int:
        """Send what TLS has to say by itself, then take in the next bytes; returns how many."""
        # A writer that is held up takes these bytes along. Waiting for it here would let two sides that
        # both send much wait for each other for ever.
        if not self._sending.locked():
            await self._send()
        data = await self._below.read()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return len(data)

    async def _send(self) -> None:
        async with self._sending:
            while self._outgoing.pending:
                await self._below.write(self._outgoing.read())


async def handshake(
    below: ByteStream,
    context: ssl.SSLContext,
    *,
    server_side: bool,
    within_s: float,
    session: ssl.SSLSession | None = None,
) -> TlsStream:
    """The authenticated stream over ``below``, which stays the caller's to close if this fails.

    Raises:
        LinkError: by what went wrong, or by who the peer is not.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=server_side, session=session)
    stream = TlsStream(below, tls, (incoming, outgoing))
    try:
        async with asyncio.timeout(within_s):
            await stream.shake(most_bytes=MAX_HANDSHAKE_BYTES)
    except TimeoutError:
        raise SlowHandshakeError(
            f"the peer did not finish its handshake within {within_s:g} s: the line is too slow or disturbed,"
            " or the peer only wants to occupy us"
        ) from None
    return stream


def _cause(error: ssl.SSLError, otherwise: type[LinkError], text: str) -> LinkError:
    # Debian 12's Python (3.11.2) has no class for it yet.
    if isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING":
        return LostLinkError("the link was cut without a farewell; trying again")
    kind, told = _CAUSES.get(error.reason or "", (otherwise, text))
    return kind(f"{told} ({error.reason})" if error.reason else told)
