"""Carries out what the planner says: reads the store, composes, signs, writes, and asks again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from office.errors import OfficeError, Trouble
from office.hub.braking import (
    HeldBack,
    first_memory,
    judge_steps,
    passing_revocations,
    snapshot_verdict,
    steps_of,
)
from office.hub.composing import Composed, Encoder, compose_delta, compose_snapshot
from office.hub.facts import Contact, Difference, Held, LinkKind
from office.hub.keeping import keep
from office.hub.planner import (
    DAMAGED,
    Action,
    Adopt,
    Place,
    Rest,
    SignDelta,
    SignSnapshot,
    Situation,
    Waiting,
    Why,
    for_a_new_unit,
    locate,
    lost_version,
    plan,
    running,
)
from office.hub.port import HubStorage
from office.hub.signers import Signers
from sync.codec import CodecError
from sync.delegation import Role
from sync.delta import MAX_STEPS, Step
from sync.envelope import ListStatement
from sync.publishing import Destination
from sync.update import ListVersion

MOST_ACTIONS: Final = 8
"""Adopt, revoke, replace and what follows; more in a row would be a fault of the planner's."""
STEP_BYTES: Final = 24
RECORD_BYTES: Final = 8
"""A delta's step takes three times what a snapshot's record takes (docs/performance.md)."""


class Outgoing(Struct, frozen=True):
    """What to send to a gate now, and why there is no more."""

    why: Why
    envelopes: tuple[bytes, ...] = ()
    """Deltas in order, then a snapshot if one is on its way."""
    version: ListVersion | None = None
    """The version that they lead to."""


class Publisher:
    """Brings gates to their wanted lists, as far as the keys at hand allow."""

    def __init__(self, store: HubStorage, signers: Signers) -> None:
        self._store = store
        self._signers = signers
        self._encoder = Encoder()
        self._estate_id = store.gates.estate_id()

    def advance(self, gate_id: int, at: int, *, connected: bool = True) -> Outgoing:
        """Sign whatever can be signed now; what is to be sent afterwards."""
        for _ in range(MOST_ACTIONS):
            # The store's lock from reading to writing: another hub may serve the same gate.
            with self._store.transaction():
                now, difference = self._situation(gate_id, at, connected=connected)
                action = plan(now)
                if isinstance(action, Rest):
                    return self._outgoing(gate_id, now, action.why)
                self._carry_out(now, action, difference, at)
        raise OfficeError(f"gate {gate_id}: the next list does not come to rest; report this as a fault")

    def advance_all(self, gate_ids: Iterable[int], at: int) -> dict[int, Outgoing | OfficeError]:
        """`advance` of many connected gates, made durable by one commit; one gate's fault is its own."""
        found: dict[int, Outgoing | OfficeError] = {}
        with self._store.transaction():
            for gate_id in gate_ids:
                try:
                    found[gate_id] = self.advance(gate_id, at)
                except (OfficeError, CodecError) as error:
                    found[gate_id] = OfficeError(f"gate {gate_id}: {error}")
        return found

    def held_back(self, gate_id: int, at: int) -> HeldBack | None:
        """What waits for the manager; ``None``: nothing does."""
        now, difference = self._situation(gate_id, at, connected=True)
        held = self._store.signed.held(gate_id)
        if plan(now) != Rest(Why.NEEDS_MANAGER) or held is None:
            return None
        steps = steps_of(difference.pairs, difference.settings)
        content = self._store.signed.held_content(gate_id)
        verdict = judge_steps(content, held.memory, steps, max(at, held.issued_at))
        return HeldBack(verdict.lost, verdict.openers, steps)

    def propose(self, gate_id: int, at: int) -> bytes:
        """The braked change as a signed update for the manager to countersign; nothing is noted yet.

        Raises:
            OfficeError: nothing waits for the manager, or the list key is not here.
        """
        now, difference = self._situation(gate_id, at, connected=True)
        if plan(now) != Rest(Why.NEEDS_MANAGER):
            raise OfficeError(f"gate {gate_id}: nothing waits for the manager; see: hub report")
        return self._signers.seal(self._whole(now, difference, at).statement, Role.LIST)

    def countersigned(self, gate_id: int, statement: ListStatement, envelope: bytes) -> None:
        """Take in what the manager has signed, if it is still the next step.

        Raises:
            OfficeError: the list has changed since it was proposed.
        """
        with self._store.transaction():
            now, difference = self._situation(gate_id, statement.issued_at, connected=True)
            composed = self._whole(now, difference, statement.issued_at)
            if composed.statement != statement:
                raise OfficeError(
                    f"gate {gate_id}: its list has changed since this was proposed; propose it again and"
                    " let the manager sign that",
                    Trouble.CHANGED_MEANWHILE,
                )
            keep(self._store, composed, envelope, difference.change, agreed_to=True)

    def first_list(self, gate_id: int, at: int) -> bytes:
        """The wanted list, whole, for a unit that has none; raises ``OfficeError`` while it must not be."""
        with self._store.transaction():
            now, difference = self._situation(gate_id, at, connected=True)
            version = for_a_new_unit(now)
            if isinstance(version, Why):
                raise OfficeError(f"gate {gate_id} {version.value}; see: hub report")
            at = max(at, 0 if now.held is None else self._held(gate_id).issued_at)
            composed = self._snapshot(gate_id, Place.FORGOTTEN, version, at)
            envelope = self._signers.seal(composed.statement, Role.LIST)
            keep(self._store, composed, envelope, difference.change)
        return envelope

    def raise_epoch(self, gate_id: int, at: int) -> Composed:
        """The wanted list as the first revision of the next epoch, for the root to sign."""
        top = self._store.signed.top(gate_id)
        contact = self._store.diary.contact(gate_id)
        seen = lost_version(contact) or contact.version or top
        version = ListVersion(max(top.epoch, seen.epoch) + 1, 1)
        return self._snapshot(gate_id, Place.FORGOTTEN, version, at)

    def root_signed(self, gate_id: int, statement: ListStatement, envelope: bytes) -> None:
        """Take in what the root has signed, if it is still the wanted list; it goes out like any snapshot.

        Raises:
            OfficeError: the list has changed since it was written for the root.
        """
        with self._store.transaction():
            composed = self.raise_epoch(gate_id, statement.issued_at)
            if composed.statement != statement:
                raise OfficeError(
                    f"gate {gate_id}: its list or epoch has changed since this was written for the root;"
                    " write it anew with: hub raise-epoch, and let the root sign that"
                )
            change = self._store.wanted.difference(gate_id).change
            keep(self._store, composed, envelope, change, agreed_to=True)

    def _situation(self, gate_id: int, at: int, *, connected: bool) -> tuple[Situation, Difference]:
        store = self._store
        gate, contact = store.gates.get(gate_id), store.diary.contact(gate_id)
        if gate.link is LinkKind.FILE:  # whoever carries the files is the contact
            contact, connected = replace(contact, asked=True), True
        held = store.signed.held(gate_id)
        difference = store.wanted.difference(gate_id)
        version = contact.version
        situation = Situation(
            gate.struck_at is not None,
            connected,
            contact,
            None if held is None else held.version,
            b"" if held is None else held.digest,
            store.signed.top(gate_id),
            store.signed.newest(gate_id),
            None if version is None else store.signed.known(gate_id, version),
            tuple(store.signed.kept(gate_id)),
            self._waiting(gate_id, held, difference, at),
            self._signers.powers(gate_id, at),
            self._lost_is_ours(gate_id, contact),
        )
        return situation, difference

    def _lost_is_ours(self, gate_id: int, contact: Contact) -> bool:
        if (lost := lost_version(contact)) is None:
            return True
        known = self._store.signed.known(gate_id, lost)
        if known is None:  # forgotten since, or never signed
            return lost <= self._store.signed.newest(gate_id)
        return known.digest == contact.highest_digest

    def _waiting(self, gate_id: int, held: Held | None, difference: Difference, at: int) -> Waiting:
        steps = steps_of(difference.pairs, difference.settings)
        if held is None or not steps:
            return Waiting(difference.change, len(steps), (), braked=False, oversize=False)
        content = self._store.signed.held_content(gate_id)
        at = max(at, held.issued_at)
        urgent = passing_revocations(content, held.memory, difference.pairs, at)
        braked = len(urgent) != len(steps) and judge_steps(content, held.memory, steps, at).braked
        oversize = len(steps) > MAX_STEPS or self._is_long(gate_id, steps)
        return Waiting(difference.change, len(steps), urgent, braked=braked, oversize=oversize)

    def _is_long(self, gate_id: int, steps: tuple[Step, ...]) -> bool:
        if len(steps) * STEP_BYTES < 4096:  # a small delta is never worth counting the list for
            return False
        return len(steps) * STEP_BYTES > self._store.wanted.size(gate_id) * RECORD_BYTES

    def _carry_out(self, now: Situation, action: Action, difference: Difference, at: int) -> None:
        gate_id = difference.gate_id
        match action:
            case Adopt(snapshot):
                self._store.signed.adopt(snapshot)
            case SignDelta(version, revocations):
                steps: tuple[Step, ...] = revocations or steps_of(difference.pairs, difference.settings)
                composed = self._delta(gate_id, version, steps, at)
                role = Role.ONLINE if revocations and now.powers.online_key else Role.LIST
                keep(self._store, composed, self._signers.seal(composed.statement, role), difference.change)
            case SignSnapshot(version, place):
                composed = self._snapshot(gate_id, place, version, at)
                envelope = self._signers.seal(composed.statement, Role.LIST)
                keep(self._store, composed, envelope, difference.change)

    def _whole(self, now: Situation, difference: Difference, at: int) -> Composed:
        """Everything that differs, whatever the brake says."""
        top = max(now.top, now.newest)
        version = ListVersion(top.epoch, top.revision + 1)
        if locate(now) is Place.AT_HEAD and not now.waiting.oversize:
            steps = steps_of(difference.pairs, difference.settings)
            return self._delta(difference.gate_id, version, steps, at)
        return self._snapshot(difference.gate_id, locate(now), version, at)

    def _delta(self, gate_id: int, version: ListVersion, steps: tuple[Step, ...], at: int) -> Composed:
        held, content = self._held(gate_id), self._store.signed.held_content(gate_id)
        at = max(at, held.issued_at)
        verdict = judge_steps(content, held.memory, steps, at)
        destination = Destination(self._estate_id, gate_id)
        return compose_delta(destination, (held, content), version, steps, verdict.memory, issued_at=at)

    def _snapshot(self, gate_id: int, place: Place, version: ListVersion, at: int) -> Composed:
        wanted = self._store.wanted.content(gate_id)
        settings, records = wanted.settings(), list(wanted.records())
        if not settings:
            raise OfficeError(f"gate {gate_id} has no settings yet; give it a list first, with: hub import")
        held = self._store.signed.held(gate_id)
        if held is not None and place in (Place.AT_HEAD, Place.BEHIND):
            at = max(at, held.issued_at)
            content = self._store.signed.held_content(gate_id)
            memory = snapshot_verdict(content, held.memory, records, settings, at).memory
        else:
            memory = first_memory(records, settings, at)
        encoded = self._encoder.encode(settings, records)
        destination = Destination(self._estate_id, gate_id)
        return compose_snapshot(destination, encoded, settings, version, memory, issued_at=at)

    def _held(self, gate_id: int) -> Held:
        held = self._store.signed.held(gate_id)
        if held is None:
            raise OfficeError(f"gate {gate_id} has no list yet; a delta needs one")
        return held

    def _outgoing(self, gate_id: int, now: Situation, why: Why) -> Outgoing:
        place = locate(now)
        if why in (Why.STRUCK_OFF, Why.NO_CONTACT):
            return Outgoing(why)
        deltas: list[bytes] = []
        refused = now.contact.refusal in DAMAGED
        if place is Place.BEHIND and now.contact.version is not None and not refused:
            deltas = self._store.signed.envelopes(gate_id, now.contact.version)
        on_its_way = running(now)
        if on_its_way is not None and (data := self._store.signed.envelope(on_its_way)) is not None:
            return Outgoing(why, (*deltas, data), on_its_way.version)
        return Outgoing(why, tuple(deltas), now.held if deltas else None)
