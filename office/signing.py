"""Signing lists: what the office sends to a gate, built on what it sent before.

A gate's present list is the sequence of updates it accepted: a snapshot, then deltas.
They are read back through `sync.trust`, so that the office builds on nothing which the
gate would have refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from office.errors import OfficeError
from office.keys import KeyDirectory
from sync.chain import (
    Anchor,
    Signers,
    Withdrawn,
    known_delegations,
    newest_withdrawals,
    verify_signers,
)
from sync.codec import CodecError
from sync.content import MemoryContent
from sync.delegation import Role
from sync.delta import Revoke
from sync.encoding import decode_record
from sync.envelope import (
    MAX_ENVELOPE_BYTES,
    Envelope,
    ListStatement,
    UpdateKind,
    parse_envelope,
    seal,
)
from sync.publishing import Destination, delta, snapshot, steps_between
from sync.records import Credential, Grant, RevocationReason
from sync.refusal import ListRefusedError, MassRemovalError
from sync.trust import Current, TrustedList
from sync.update import Accepted, ListVersion


class Signed(Struct, frozen=True):
    """An update ready to be sent."""

    envelope: bytes
    version: ListVersion
    digest: bytes
    kind: UpdateKind
    needs_manager: bool = False
    """The gate's brake will hold it until the manager's signature is added."""


class Sent(Struct, frozen=True):
    """A gate's list as the updates sent so far have made it."""

    version: ListVersion
    content: MemoryContent
    trusted: TrustedList
    """What the gate will judge the next update by."""


def read_sent(files: Sequence[Path], anchor: Anchor) -> Sent:
    """The list after ``files``, a snapshot and the deltas since, in order.

    Raises:
        OfficeError: a file cannot be read, or the gate would refuse it.
    """
    trusted = TrustedList(anchor, None, None)
    content = MemoryContent(b"", ())
    for path in files:
        try:
            # Floor 0: a key that has ended since was in force when the list was sent.
            outcome = trusted.update(_read(path), floor=0)
        except ListRefusedError as refused:
            raise OfficeError(f"{path}: {refused.attack}: {refused}") from None
        if isinstance(outcome, Accepted):
            content = content.after(outcome)
            current = Current(outcome.version, outcome.digest, outcome.issued_at, outcome.memory)
            trusted = TrustedList(anchor, current, content)
    if trusted.current is None:
        raise OfficeError("no previous list was given; name the files sent to the gate so far")
    return Sent(trusted.current.version, content, trusted)


def anchor_of(keys: KeyDirectory, destination: Destination) -> Anchor:
    """What a gate of this estate obeys."""
    if keys.estate_id != destination.estate_id:
        raise OfficeError(
            f"{keys.path}: these are the keys of estate {keys.estate_id.hex()}, the file is of estate"
            f" {destination.estate_id.hex()}; use the estate's own keys"
        )
    return Anchor(destination.estate_id, destination.gate_id, keys.roots)


def sign_snapshot(
    keys: KeyDirectory,
    destination: Destination,
    content: MemoryContent,
    version: ListVersion,
    *,
    issued_at: int,
    by_root: bool = False,
) -> Signed:
    """A whole list, by the list key; by the root itself where the epoch rises."""
    anchor_of(keys, destination)
    statement = snapshot(destination, content, version, issued_at=issued_at)
    if by_root:
        withdrawals = keys.signed_withdrawals()
        return _signed(
            statement, seal(statement, [keys.signing(keys.root_names[0])], withdrawals=withdrawals)
        )
    return _seal(keys, statement, Role.LIST)


def sign_delta(
    keys: KeyDirectory, destination: Destination, sent: Sent, content: MemoryContent, *, issued_at: int
) -> Signed | None:
    """The step from the list sent before to ``content``, by the list key; ``None`` if none is needed."""
    anchor_of(keys, destination)
    steps = steps_between(sent.content, content)
    if not steps:
        return None
    try:
        statement, _ = delta(destination, (sent.version, sent.content), steps, issued_at=issued_at)
    except CodecError as error:
        raise OfficeError(str(error)) from None
    return _judged(sent, _seal(keys, statement, Role.LIST))


def sign_revocation(
    keys: KeyDirectory,
    destination: Destination,
    sent: Sent,
    card: Credential,
    reason: RevocationReason,
    *,
    issued_at: int,
) -> Signed:
    """End every grant of a chip, under each form readers see it in, by the online key."""
    records = [decode_record(one) for one in sent.content.records()]
    issues = {one.issue_id for one in records if isinstance(one, Grant) and one.credential == card}
    steps = [
        Revoke(one.credential.key, one.grant_id, reason, issued_at)
        for one in records
        if isinstance(one, Grant) and one.issue_id in issues
    ]
    if not steps:
        raise OfficeError(f"card {card} has no grant on the list of gate {destination.gate_id}")
    statement, _ = delta(destination, (sent.version, sent.content), steps, issued_at=issued_at)
    return _judged(sent, _seal(keys, statement, Role.ONLINE))


def add_root(keys: KeyDirectory, path: Path, *, at: int) -> Signed:
    """The whole list in ``path``, which a hub wrote for the root, signed by the root alone.

    Raises:
        OfficeError: no key of this estate signed it, its content is not what it says, or it is no whole list.
    """
    data = _read(path)
    try:
        envelope = parse_envelope(data)
        statement = envelope.statement
        anchor = anchor_of(keys, Destination(statement.estate_id, statement.gate_id))
        signers_of(keys, envelope, at)
        if statement.kind is not UpdateKind.SNAPSHOT:
            raise OfficeError(f"{path}: is a delta; only a whole list can begin an epoch (hub raise-epoch)")
        withdrawals = keys.signed_withdrawals()
        signed = seal(statement, [keys.signing(keys.root_names[0])], withdrawals=withdrawals)
        # As a gate will: a digest that does not fit would be refused there.
        TrustedList(anchor, None, None).update(signed, floor=0)
    except ListRefusedError as refused:
        raise OfficeError(f"{path}: {refused.attack}: {refused}") from None
    return _signed(statement, signed)


def signers_of(keys: KeyDirectory, envelope: Envelope, at: int) -> Signers:
    """Whose signatures an update carries, by the estate's keys; raises ``ListRefusedError``."""
    anchor = Anchor(keys.estate_id, envelope.statement.gate_id, keys.roots)
    withdrawn = newest_withdrawals(anchor, Withdrawn(), keys.signed_withdrawals())
    withdrawn = newest_withdrawals(anchor, withdrawn, envelope.withdrawals)
    known = tuple(data for _, data in keys.delegations().values())
    delegations = known_delegations(anchor, withdrawn, known, envelope.delegations)
    return verify_signers(anchor, withdrawn, delegations, envelope, at)


def read_statement(path: Path) -> ListStatement:
    """The statement in an update file, unverified: it says for which gate it is."""
    try:
        return parse_envelope(_read(path)).statement
    except ListRefusedError as refused:
        raise OfficeError(f"{path}: {refused.attack}: {refused}") from None


def _seal(keys: KeyDirectory, statement: ListStatement, role: Role) -> Signed:
    key, chain = keys.signer(role, statement.gate_id, statement.issued_at)
    withdrawals = keys.signed_withdrawals()
    return _signed(statement, seal(statement, [key], delegations=[chain], withdrawals=withdrawals))


def _judged(sent: Sent, signed: Signed) -> Signed:
    """``signed`` as the gate will see it: the office must not send what it will refuse."""
    try:
        sent.trusted.update(signed.envelope, floor=0)
    except MassRemovalError:
        return replace(signed, needs_manager=True)
    except ListRefusedError as refused:
        raise OfficeError(f"the gate would refuse this ({refused.attack}): {refused}") from None
    return signed


def _signed(statement: ListStatement, envelope: bytes) -> Signed:
    return Signed(envelope, statement.version, statement.digest, statement.kind)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_ENVELOPE_BYTES + 1)
    except OSError as error:
        raise OfficeError(f"{path}: {error.strerror}; give the path of an update file") from None
