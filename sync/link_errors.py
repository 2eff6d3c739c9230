"""Why a link did not come up or ended: one error a cause, because each asks for another answer.

Pure, so that the rules of retrying can be judged without a socket. Texts are for people and
repeat no bytes of the peer.
"""

from __future__ import annotations

from typing import ClassVar


class LinkError(Exception):
    """Base of everything a link raises."""

    attack: ClassVar[str]
    """Stable word for logs, counters and the office."""


class LostLinkError(LinkError):
    """Unreachable, refused by the system, reset, silent or cut: nobody is to blame, try again."""

    attack = "lost_link"


class SerialPortError(LinkError):
    """The serial port cannot be used as configured, or another program has it."""

    attack = "serial_port"


class SlowHandshakeError(LinkError):
    """The peer did not finish its handshake in time: a line that is too slow, or a slow-loris."""

    attack = "slow_handshake"


class GarbledHandshakeError(LinkError):
    """What came is no TLS handshake: another service, a portal in between, or plain garbage."""

    attack = "garbled_handshake"


class DowngradedTlsError(LinkError):
    """The peer wants a TLS older than 1.3."""

    attack = "downgraded_tls"


class TamperedStreamError(LinkError):
    """Bytes of an established link were changed on their way."""

    attack = "tampered_stream"


class CrowdedError(LinkError):
    """A bound on connections is reached; the newcomer is turned away."""

    attack = "crowded"


class UninvitedTalkError(LinkError):
    """A gate that may only ask to be enrolled said something else."""

    attack = "uninvited_talk"


class NotAcceptedYetError(LinkError):
    """The office has this gate's request, and a person has to accept its key."""

    attack = "not_accepted_yet"


class RefusedIdentityError(LinkError):
    """One side does not accept the other's key: only people can change that."""

    attack = "refused_identity"


class NoCertificateError(RefusedIdentityError):
    """The peer showed no certificate."""

    attack = "no_certificate"


class UnfitCertificateError(RefusedIdentityError):
    """The peer's certificate carries no Ed25519 key."""

    attack = "unfit_certificate"


class UnknownGateError(RefusedIdentityError):
    """The peer's key is no registered gate's: never registered, or struck off."""

    attack = "unknown_gate"


class WrongHubError(RefusedIdentityError):
    """The peer's key is none that a root of this gate's estate lets act as hub now."""

    attack = "wrong_hub"


class RefusedByPeerError(RefusedIdentityError):
    """The peer does not accept our key."""

    attack = "refused_by_peer"
