"""The end of a gate's usage log, signed: with the chain behind it, it proves every event.

[1, estate, gate, log epoch, number, link]
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.events import GENESIS
from sync.fields import octets, whole
from sync.keys import LOG_HEAD_DOMAIN, SigningKey
from sync.statements.wire import Form, Parts, Sender, destination, open_from_gate, parse, sign_by_gate

LOG_EPOCH_BYTES: Final = 16
LINK_BYTES: Final = len(GENESIS)
FORM: Final = Form("log head", LOG_HEAD_DOMAIN, parts=6, max_depth=1)


class LogHead(Struct, frozen=True):
    """The chain's link at one number of one log epoch (`sync.events.link`)."""

    estate_id: bytes
    gate_id: int
    log_epoch: bytes
    number: int
    """0: nothing was recorded yet, and the link is `GENESIS`."""
    link: bytes


def sign_log_head(head: LogHead, key: SigningKey) -> bytes:
    """The signed bytes of a log head; raises ``CodecError`` for one outside the format."""
    parts = [head.estate_id, head.gate_id, head.log_epoch, head.number, head.link]
    _read(parts)
    return sign_by_gate(FORM, parts, key)


def verify_log_head(data: bytes, sender: Sender) -> LogHead:
    """The log head in ``data``, signed by this gate; raises ``StatementError``."""
    return parse(FORM, open_from_gate(FORM, data, sender), _read)


def _read(parts: Parts) -> LogHead:
    estate_id, gate_id = destination(parts)
    epoch, number = octets(parts[2], "log epoch", LOG_EPOCH_BYTES), whole(parts[3], "number")
    link = octets(parts[4], "link", LINK_BYTES)
    if (number == 0) is not (link == GENESIS):
        raise CodecError("link: the one before event 1 has number 0, and no other has")
    return LogHead(estate_id, gate_id, epoch, number, link)
