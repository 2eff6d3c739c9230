"""Updates that come back signed: a braked one by the manager, a new epoch by the root.

Both were made by a hub, went to another computer as a file, and count only while they are
still what this hub would send next. Signatures are judged as the gate will judge them.
"""

from __future__ import annotations

from msgspec import Struct

from office.errors import OfficeError, Trouble
from office.hub.port import HubStorage
from office.hub.publisher import Publisher
from office.hub.signers import DirectorySigners
from office.keys import KeyDirectory
from office.signing import signers_of
from sync.delegation import Role
from sync.envelope import Envelope, parse_envelope
from sync.refusal import ListRefusedError
from sync.update import ListVersion


class TakenUpdate(Struct, frozen=True):
    """What was taken in, and on whose word it counts."""

    gate_id: int
    version: ListVersion
    signed_by: str


def take_update(store: HubStorage, keys: KeyDirectory, data: bytes, at: int) -> TakenUpdate:
    """Take in an update that the manager or the root has signed; it goes out like any other.

    Raises:
        OfficeError: the signature is missing or does not count, or the list has changed meanwhile.
    """
    try:
        envelope = parse_envelope(data)
        _check_ours(store, envelope)
        signers = signers_of(keys, envelope, at)
    except ListRefusedError as refused:
        text = f"{refused.attack}: {refused}"
        raise OfficeError(text, Trouble.FILE_REFUSED, text=text) from None
    statement = envelope.statement
    publisher = Publisher(store, DirectorySigners(keys))
    if signers.root:
        publisher.root_signed(statement.gate_id, statement, data)
    elif signers.may(Role.LIST) and signers.may(Role.MANAGER):
        publisher.countersigned(statement.gate_id, statement, data)
    else:
        raise OfficeError(
            f"this update of gate {statement.gate_id} carries neither the manager's signature (list"
            " countersign) nor the root's (list root-sign): have it signed, and take in that file",
            Trouble.NOT_SIGNED,
            gate=statement.gate_id,
        )
    store.wanted.announce(statement.gate_id, at)
    return TakenUpdate(statement.gate_id, statement.version, "root" if signers.root else "manager")


def _check_ours(store: HubStorage, envelope: Envelope) -> None:
    statement = envelope.statement
    if statement.estate_id != store.gates.estate_id():
        raise OfficeError(
            f"this update is of estate {statement.estate_id.hex()}, the store of"
            f" {store.gates.estate_id().hex()}; take it in there",
            Trouble.FILE_REFUSED,
            text=statement.estate_id.hex(),
        )
    if store.gates.get(statement.gate_id).struck_at is not None:
        raise OfficeError(
            f"gate {statement.gate_id} was struck off: nothing is sent to it",
            Trouble.GATE_STRUCK_OFF,
            gate=statement.gate_id,
        )
