"""A gate that asks to be known: judged by its invitation, decided by a person.

One token, one key, until its end: whoever presents a second key with it is refused and
told to the office. Nothing here lets a gate in: a person compares the fingerprint on the
office's screen with the label at the gate, and accepts or refuses.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from office.errors import OfficeError
from office.hub.facts import Invitation, InvitationState, MoveState
from office.hub.one_use import end_of
from office.hub.port import HubStorage
from sync.enrolment import EnrolmentRequest, verify_enrolment
from sync.enrolment_talk import EnrolmentAnswer, EnrolmentState
from sync.gate_key import fingerprint
from sync.statements.refusal import StatementError

WAITS: Final = "enrolment_waits"
_SAID: Final = {
    InvitationState.ACCEPTED: EnrolmentAnswer(
        EnrolmentState.ACCEPTED, "this gate is registered with this key"
    ),
    InvitationState.REFUSED: EnrolmentAnswer(EnrolmentState.REFUSED, "the office has refused this key"),
}


def take_request(store: HubStorage, signed: bytes, at: int) -> EnrolmentAnswer:
    """Take in a request; whatever is wrong with it is an alarm, and the answer."""
    try:
        request = verify_enrolment(signed)
    except StatementError as error:
        store.diary.alarm(None, f"enrolment_{error.attack}", str(error), at)
        return EnrolmentAnswer(EnrolmentState.REFUSED, str(error))
    with store.transaction():
        invitation = store.invitations.by_token(request.token)
        try:
            return _note(store, _invited(store, invitation, request, at), request, signed, at)
        except _UnwantedError as error:
            gate_id = None if invitation is None else invitation.gate_id
            text = f"{error} (key {fingerprint(request.public)})"
            store.diary.alarm(gate_id, f"enrolment_{error.name}", text, at)
            return EnrolmentAnswer(EnrolmentState.REFUSED, str(error))


def accept(store: HubStorage, shown: str, at: int) -> Invitation:
    """Register the key with this fingerprint; the gate's old key, if it had one, is struck.

    Raises:
        OfficeError: no such key waits, or its gate cannot have it.
    """
    with store.transaction():
        invitation = _waiting(store, shown)
        if invitation.replaces:
            _end_what_the_old_unit_had(store, invitation.gate_id, at)
        store.gates.give_key(invitation.gate_id, invitation.key or b"", at)
        for other in store.invitations.of_gate(invitation.gate_id):
            if other.state in (InvitationState.OPEN, InvitationState.PENDING):
                store.invitations.put(replace(other, state=InvitationState.VOID, decided_at=at))
        accepted = replace(invitation, state=InvitationState.ACCEPTED, decided_at=at)
        store.invitations.put(accepted)
    return accepted


def refuse(store: HubStorage, shown: str, at: int) -> Invitation:
    """Refuse the key with this fingerprint: its token is spent, the gate needs a new bundle.

    Raises:
        OfficeError: no such key waits.
    """
    with store.transaction():
        refused = replace(_waiting(store, shown), state=InvitationState.REFUSED, decided_at=at)
        store.invitations.put(refused)
    return refused


def end_counted(store: HubStorage, gate_id: int, at: int, *, held_only: bool) -> list[int]:
    """Take the gate's counted grants off its list until a clerk has said what is left of them; their ids.

    The unit that counted their uses is out of service. ``held_only``: those that it had for certain.
    """
    ended = []
    for row in store.wanted.counted(gate_id):
        if row.held is not None or not held_only:
            end_of(store, row, at)
            ended.append(row.record.grant_id)
    return sorted(set(ended))


class _UnwantedError(Exception):
    """A request that must not even wait for a person; ``name`` is the alarm's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


def _invited(
    store: HubStorage, invitation: Invitation | None, request: EnrolmentRequest, at: int
) -> Invitation:
    """The invitation that the request rightly names; raises ``_UnwantedError``."""
    if request.estate_id != store.gates.estate_id():
        raise _UnwantedError("wrong_estate", f"it is of estate {request.estate_id.hex()}: send it there")
    if invitation is None:
        raise _UnwantedError("unknown_token", "its token was never given by this office")
    gate_id = invitation.gate_id
    if request.gate_id != gate_id:
        raise _UnwantedError("wrong_gate", f"its token was given for gate {gate_id}, not {request.gate_id}")
    if request.bundle_digest != invitation.digest:
        raise _UnwantedError("other_bundle", "it was set up by a bundle that this office did not make")
    _check_time(invitation, at)
    _check_key(store, invitation, request)
    return invitation


def _check_time(invitation: Invitation, at: int) -> None:
    if invitation.state is InvitationState.VOID:
        raise _UnwantedError("superseded", "a newer bundle was made for this gate: use that one")
    if invitation.state is InvitationState.OPEN and at >= invitation.not_after:
        raise _UnwantedError("expired", "its bundle has ended: let the office make a new one")


def _check_key(store: HubStorage, invitation: Invitation, request: EnrolmentRequest) -> None:
    first = invitation.key
    if first is not None and first != request.public:
        raise _UnwantedError(
            "second_key",
            f"a second key came with the token that key {fingerprint(first)} has used: find out who has the"
            " bundle before either is accepted",
        )
    owner = store.gates.by_key(request.public)
    if store.gates.is_struck(request.public) or (owner is not None and owner.gate_id != request.gate_id):
        raise _UnwantedError("key_taken", "its key is, or was, another unit's: let the gate make a new one")


def _note(
    store: HubStorage, invitation: Invitation, request: EnrolmentRequest, signed: bytes, at: int
) -> EnrolmentAnswer:
    if invitation.state in _SAID:
        return _SAID[invitation.state]
    if store.gates.get(invitation.gate_id).public_key == request.public:  # a clerk has registered it by hand
        taken = replace(invitation, state=InvitationState.ACCEPTED, key=request.public, decided_at=at)
        store.invitations.put(taken)
        return _SAID[InvitationState.ACCEPTED]
    shown = fingerprint(request.public)
    if invitation.state is InvitationState.OPEN:
        pending = InvitationState.PENDING
        asked = replace(invitation, state=pending, key=request.public, signed=signed, asked_at=at)
        store.invitations.put(asked)
        text = f"compare key {shown} with the gate's label, then: hub accept {shown}"
        store.diary.alarm(invitation.gate_id, WAITS, text, at)
    return EnrolmentAnswer(EnrolmentState.PENDING, f"the office compares key {shown} with the gate's label")


def _waiting(store: HubStorage, shown: str) -> Invitation:
    wanted = "".join(shown.upper().split()).replace("-", "")
    waiting = {
        fingerprint(one.key): one
        for one in store.invitations.alive()
        if one.key is not None and one.state is InvitationState.PENDING
    }
    for name, invitation in waiting.items():
        if name.replace("-", "") == wanted:
            return invitation
    known = ", ".join(waiting) or "none"
    raise OfficeError(f"no key {shown} waits to be accepted; waiting are: {known}")


def _end_what_the_old_unit_had(store: HubStorage, gate_id: int, at: int) -> None:
    """Nobody can tell any more what the old unit spent: a clerk does."""
    end_counted(store, gate_id, at, held_only=True)
    for move in store.moves.open():
        if move.from_gate == gate_id and move.state is MoveState.ENDING:
            store.moves.put(replace(move, state=MoveState.CLERK))
