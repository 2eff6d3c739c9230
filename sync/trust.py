"""Whether a permission list update may change a gate: every rule, and nothing else.

Pure: no file, no clock. Checks run in a fixed order, from what costs nothing to what
needs the whole list; each failure has the name of its attack (`sync.refusal`).

    size · form · format version · estate · gate · withdrawals · delegations · signatures
    · role · revision · content · resulting digest · mass-removal brake

Who may do what: a root everything; `list` everything but raise the epoch; `online` deltas
that only revoke; `manager` nothing alone, but with another signature it lets a mass
removal pass. The epoch rises only by a snapshot that a root itself signed: the one way
back after a restored backup, or after a stolen key used up the revisions. A gate without
any list takes its first one at any epoch and revision.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sync.brake import BrakeState, Conditions, baseline, judge, rebase
from sync.chain import Anchor, Signers, Withdrawn, known_delegations, newest_withdrawals, verify_signers
from sync.codec import CodecError
from sync.delegation import Role
from sync.delta import Revoke, Step, Touched, apply_steps, decode_delta, touched_buckets
from sync.digest import list_digest
from sync.encoding import decode_settings
from sync.envelope import Envelope, ListStatement, UpdateKind, parse_envelope
from sync.memory import TrustMemory
from sync.refusal import (
    DigestMismatchError,
    GapError,
    ListRefusedError,
    MalformedError,
    MassRemovalError,
    RoleTooWeakError,
    WrongEstateError,
    WrongGateError,
)
from sync.snapshot import decode_buckets
from sync.succession import Current, check_succession
from sync.transition import touched_by_settings, touched_by_snapshot, weigh
from sync.update import Accepted, ListContent, StoredRecord, Unchanged

__all__ = ["Anchor", "Current", "ListRefusedError", "TrustedList"]


class _Outcome(Struct, frozen=True):
    """What the content of an update comes to, not yet judged by digest and brake."""

    settings: bytes | None
    puts: Collection[StoredRecord]
    removed: Sequence[tuple[bytes, int]]
    bucket_digests: Mapping[int, bytes]
    touched: Iterable[Touched]
    whole_list: bool
    """Whether ``touched`` are all credentials."""


class TrustedList(Struct, frozen=True):
    """A gate's anchor and the list in force: what an update is judged by."""

    anchor: Anchor
    current: Current | None
    """``None`` as long as the gate has no list."""
    content: ListContent | None
    highest: Current | None = None
    """The newest list ever in force here, kept apart from it: what is in force may be lost, or stand in."""

    def update(self, data: bytes, *, floor: int) -> Accepted | Unchanged:
        """What the received bytes do to the list; ``floor`` is UTC seconds surely passed.

        Raises:
            ListRefusedError: nothing may change, by the attack's name.
            CodecError: the trust memory of ``current`` is damaged (never the update).
        """
        envelope = parse_envelope(data)
        self._check_destination(envelope.statement)
        memory = self._memory()
        known = Withdrawn() if memory is None else Withdrawn(memory.withdrawals_version, memory.withdrawn)
        withdrawn = newest_withdrawals(self.anchor, known, envelope.withdrawals)
        try:
            return self._judge(data, envelope, memory, withdrawn, floor)
        except ListRefusedError as refused:
            if memory is not None:
                refused.memory = _with_newer(memory, withdrawn)
            raise

    def _judge(
        self, data: bytes, envelope: Envelope, memory: TrustMemory | None, withdrawn: Withdrawn, floor: int
    ) -> Accepted | Unchanged:
        statement = envelope.statement
        remembered = () if memory is None else memory.delegations
        delegations = known_delegations(self.anchor, withdrawn, remembered, envelope.delegations)
        signers = verify_signers(self.anchor, withdrawn, delegations, envelope, floor)
        _check_role(statement, signers)
        if memory is not None and self.current is not None and self.current.is_of(statement):
            return Unchanged(statement.version, statement.digest, _with_newer(memory, withdrawn))
        check_succession(statement, self.current, self.highest, signers)
        try:
            outcome = self._outcome(statement, signers)
            self._check_digest(statement, outcome)
            state, later = self._brake(statement, outcome, signers, memory)
        except CodecError as error:
            raise MalformedError(
                f"revision {statement.version} is signed, but its content is not of the format: {error};"
                " sign it again with the office's current software"
            ) from None
        chain = tuple(signed for _, signed in delegations.values())
        return Accepted(
            statement.version,
            statement.digest,
            statement.issued_at,
            statement.kind is UpdateKind.SNAPSHOT,
            data,
            outcome.settings,
            outcome.puts,
            outcome.removed,
            outcome.bucket_digests,
            later,
            TrustMemory(state, withdrawn.version, withdrawn.key_ids, chain).encode(),
        )

    def _check_destination(self, statement: ListStatement) -> None:
        if statement.estate_id != self.anchor.estate_id:
            raise WrongEstateError(
                f"the list is for estate {statement.estate_id.hex()}, this gate belongs to"
                f" {self.anchor.estate_id.hex()}: send the list of this estate"
            )
        if statement.gate_id != self.anchor.gate_id:
            raise WrongGateError(
                f"the list is for gate {statement.gate_id}, this is gate {self.anchor.gate_id}:"
                " send this gate's own list"
            )

    def _memory(self) -> TrustMemory | None:
        """What is remembered as of the list in force, with the newest withdrawals ever seen."""
        kept = [TrustMemory.decode(one.memory) for one in (self.current, self.highest) if one is not None]
        if not kept:
            return None
        newest = max(kept, key=lambda one: one.withdrawals_version)
        return replace(kept[0], withdrawals_version=newest.withdrawals_version, withdrawn=newest.withdrawn)

    def _outcome(self, statement: ListStatement, signers: Signers) -> _Outcome:
        if statement.kind is UpdateKind.SNAPSHOT:
            settings, records = decode_buckets(statement.content)
            digests = dict(enumerate(records.digests()))
            touched = touched_by_snapshot(self.content, records)
            return _Outcome(settings, records, (), digests, touched, whole_list=True)
        if self.content is None:
            raise GapError(
                f"revision {statement.version} is a delta, and this gate has no list yet: send a snapshot"
            )
        steps = decode_delta(statement.content)
        _check_steps(steps, signers)
        change = apply_steps(steps, self.content)
        digests = dict(touched_buckets(change.touched, self.content))
        if change.settings is None:
            return _Outcome(None, change.puts, change.removed, digests, change.touched, whole_list=False)
        everyone = touched_by_settings(self.content, change.touched)
        return _Outcome(change.settings, change.puts, change.removed, digests, everyone, whole_list=True)

    def _check_digest(self, statement: ListStatement, outcome: _Outcome) -> None:
        buckets = [] if self.content is None else list(self.content.bucket_digests())
        if statement.kind is UpdateKind.SNAPSHOT:
            buckets = [outcome.bucket_digests[number] for number in sorted(outcome.bucket_digests)]
        else:
            for number, digest in outcome.bucket_digests.items():
                buckets[number] = digest
        found = list_digest(
            estate_id=statement.estate_id,
            gate_id=statement.gate_id,
            version=statement.version,
            settings=self._settings_after(outcome),
            buckets=buckets,
        )
        if found != statement.digest:
            raise DigestMismatchError(
                f"revision {statement.version} would give a list of digest {found[:8].hex()}…, signed is"
                f" {statement.digest[:8].hex()}…: the list here or the content differs from the office's;"
                " send a snapshot"
            )

    def _settings_after(self, outcome: _Outcome) -> bytes:
        if outcome.settings is not None:
            return outcome.settings
        return b"" if self.content is None else self.content.settings()

    def _brake(
        self, statement: ListStatement, outcome: _Outcome, signers: Signers, memory: TrustMemory | None
    ) -> tuple[BrakeState, Sequence[StoredRecord]]:
        after = Conditions.of(decode_settings(self._settings_after(outcome)))
        before = after if self.content is None else _conditions(self.content, after)
        openings, later = weigh(outcome.touched, before, after, ended_at=statement.issued_at)
        if memory is None:
            return baseline(openings, statement.issued_at), later
        verdict = judge(memory.brake, openings, statement.issued_at, whole_list=outcome.whole_list)
        if signers.may(Role.MANAGER):
            return rebase(verdict.state), later
        if verdict.tripped:
            raise MassRemovalError(
                f"revision {statement.version} would make {verdict.lost} credentials stop opening within"
                f" 24 hours, of {verdict.openers_then} that could open: have the manager look at it and"
                " add their signature, or revoke fewer at a time"
            )
        return verdict.state, later


def _conditions(content: ListContent, otherwise: Conditions) -> Conditions:
    """The settings' conditions before; a damaged list must stay replaceable by a snapshot."""
    try:
        return Conditions.of(decode_settings(content.settings()))
    except CodecError:
        return otherwise


def _with_newer(memory: TrustMemory, withdrawn: Withdrawn) -> bytes | None:
    """The memory to keep if an update that changes no list brought newer withdrawals."""
    if withdrawn.version == memory.withdrawals_version:
        return None
    return replace(memory, withdrawals_version=withdrawn.version, withdrawn=withdrawn.key_ids).encode()


def _check_role(statement: ListStatement, signers: Signers) -> None:
    if signers.may(Role.LIST):
        return
    if Role.ONLINE not in signers.roles:
        raise RoleTooWeakError(
            f"revision {statement.version} is signed by the manager alone: theirs is a second signature;"
            " sign the list with the list key first"
        )
    if statement.kind is not UpdateKind.DELTA:
        raise RoleTooWeakError(
            f"revision {statement.version} is a whole list signed by an online key, which may only revoke:"
            " sign it with the list key"
        )


def _check_steps(steps: Sequence[Step], signers: Signers) -> None:
    if not signers.may(Role.LIST) and not all(isinstance(one, Revoke) for one in steps):
        raise RoleTooWeakError(
            "an online key signed a delta that does more than revoke: sign it with the list key,"
            " and if nobody at the office made it, withdraw the online key"
        )
