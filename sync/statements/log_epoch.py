"""A gate's announcement of a new usage log, and of the one that it follows.

    [1, estate, gate, log epoch, predecessor or None, predecessor's last known number, boot id]

Events are numbered from 1 in each log epoch. Without this statement nobody could tell
a new log from a forged one, or see how many events went with the old one.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.codec import CodecError
from sync.fields import octets, whole
from sync.keys import LOG_EPOCH_DOMAIN, SigningKey
from sync.statements.log_head import LOG_EPOCH_BYTES
from sync.statements.wire import Form, Parts, Sender, destination, open_from_gate, parse, sign_by_gate

BOOT_ID_BYTES: Final = 16
FORM: Final = Form("log epoch", LOG_EPOCH_DOMAIN, parts=7, max_depth=2)


class Predecessor(Struct, frozen=True):
    """The log before, and the last number which the gate remembers of it."""

    log_epoch: bytes
    last_number: int
    """0: not known."""


class LogEpoch(Struct, frozen=True):
    """A new log was begun."""

    estate_id: bytes
    gate_id: int
    log_epoch: bytes
    predecessor: Predecessor | None
    """``None``: the gate's first log, as far as it knows."""
    boot_id: bytes
    """The boot in which it is announced."""


def sign_log_epoch(epoch: LogEpoch, key: SigningKey) -> bytes:
    """The signed bytes of an announcement; raises ``CodecError`` for one outside the format."""
    before = epoch.predecessor
    parts = [
        epoch.estate_id,
        epoch.gate_id,
        epoch.log_epoch,
        None if before is None else before.log_epoch,
        0 if before is None else before.last_number,
        epoch.boot_id,
    ]
    _read(parts)
    return sign_by_gate(FORM, parts, key)


def verify_log_epoch(data: bytes, sender: Sender) -> LogEpoch:
    """The announcement in ``data``, signed by this gate; raises ``StatementError``."""
    return parse(FORM, open_from_gate(FORM, data, sender), _read)


def _read(parts: Parts) -> LogEpoch:
    estate_id, gate_id = destination(parts)
    log_epoch = octets(parts[2], "log epoch", LOG_EPOCH_BYTES)
    last_number = whole(parts[4], "predecessor's last number")
    before = None
    if parts[3] is not None:
        before = Predecessor(octets(parts[3], "predecessor", LOG_EPOCH_BYTES), last_number)
        if before.log_epoch == log_epoch:
            raise CodecError("predecessor: a log does not follow itself")
    elif last_number:
        raise CodecError("predecessor's last number: must be 0 without a predecessor")
    return LogEpoch(estate_id, gate_id, log_epoch, before, octets(parts[5], "boot id", BOOT_ID_BYTES))
