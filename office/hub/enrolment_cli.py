"""``hub enrolments``, ``hub accept`` and ``hub refuse``: a person decides which key is a gate's."""

from __future__ import annotations

import argparse
from contextlib import closing

from office.hub.enrolment_intake import accept, refuse
from office.hub.facts import Invitation, InvitationState
from office.hub.run_cli import nudge
from office.hub.store import HubStore
from sync.enrolment import verify_enrolment
from sync.gate_key import fingerprint

Report = dict[str, object]


def add_enrolments(_command: argparse.ArgumentParser) -> None:
    """``hub enrolments`` has no options of its own."""


def enrolments(options: argparse.Namespace, now: int) -> Report:
    """Bundles that are out, and keys that wait for a person."""
    with closing(HubStore(options.store)) as store:
        names = {one.gate_id: one.name for one in store.gates.all()}
        return {
            "enrolments": [_row(one, names.get(one.gate_id, ""), now) for one in store.invitations.alive()]
        }


def add_decision(command: argparse.ArgumentParser) -> None:
    """Options of ``hub accept`` and ``hub refuse``."""
    command.add_argument("fingerprint", help="as the label and the technician's screen show it")


def accept_key(options: argparse.Namespace, now: int) -> Report:
    """Register the key with this fingerprint."""
    with closing(HubStore(options.store)) as store:
        accepted = accept(store, options.fingerprint, now)
        waiting = [one.grant_id for one in store.moves.open() if one.from_gate == accepted.gate_id]
    nudge(options.store)
    return {**_decided(accepted), "accepted": True, "to_settle": waiting}


def refuse_key(options: argparse.Namespace, now: int) -> Report:
    """Refuse the key with this fingerprint; its bundle is spent."""
    with closing(HubStore(options.store)) as store:
        refused = refuse(store, options.fingerprint, now)
    return {**_decided(refused), "accepted": False}


def _decided(invitation: Invitation) -> Report:
    return {"gate": invitation.gate_id, "fingerprint": fingerprint(invitation.key or b"")}


def _row(invitation: Invitation, name: str, now: int) -> dict[str, object]:
    row: dict[str, object] = {"gate": invitation.gate_id, "name": name, "replaces": invitation.replaces}
    if invitation.state is InvitationState.PENDING and invitation.signed is not None:
        request = verify_enrolment(invitation.signed)
        return row | {
            "state": "waits for you",
            "fingerprint": fingerprint(request.public),
            "asked_at": invitation.asked_at,
            "software": request.software,
            "offline": request.today is not None,
        }
    return row | {
        "state": "ended" if now >= invitation.not_after else "not used yet",
        "ends": invitation.not_after,
    }
