"""Commands of the hub that have to do with other people's signatures: the manager's and the root's.

A file goes out, is signed on its owner's own computer, and comes back with ``hub take``.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from office.change_report import told_of_steps
from office.errors import OfficeError
from office.files import READABLE, write_atomic
from office.hub.braking import HeldBack
from office.hub.file_intake import take_enrolment, take_file
from office.hub.floor_post import take_lowering
from office.hub.publisher import Publisher
from office.hub.run_cli import nudge
from office.hub.signed_intake import take_update
from office.hub.signers import DirectorySigners, NoSigners
from office.hub.store import HubStore
from office.keys import KeyDirectory
from office.options import add_keys, key_directory
from office.report import Report
from sync.delegation import Role
from sync.envelope import MAX_ENVELOPE_BYTES, parse_envelope
from sync.message_file import MAGIC
from sync.snapshot import decode_content
from sync.statements.floor_lowering import claimed_gate
from sync.statements.refusal import StatementError


def add_held(command: argparse.ArgumentParser) -> None:
    """Options of ``hub held``."""
    command.add_argument("--gate", type=int, help="only this gate (default: every gate)")


def held(options: argparse.Namespace, now: int) -> Report:
    """Show what waits for the manager's signature."""
    with contextlib.closing(HubStore(options.store)) as store:
        gates = store.gates.all() if options.gate is None else [store.gates.get(options.gate)]
        publisher = Publisher(store, NoSigners())
        waiting = {one: publisher.held_back(one.gate_id, now) for one in gates}
    return {
        f"gate {one.gate_id} {one.name}": _told(back) for one, back in waiting.items() if back is not None
    }


def add_propose(command: argparse.ArgumentParser) -> None:
    """Options of ``hub propose``."""
    _add_gate(command)
    add_keys(command)
    _add_out(command)


def propose(options: argparse.Namespace, now: int) -> Report:
    """Write what the brake holds as a file for the manager, signed by the list key."""
    with contextlib.closing(HubStore(options.store)) as store:
        publisher = Publisher(store, DirectorySigners(key_directory(options)))
        back = publisher.held_back(options.gate, now)
        data = publisher.propose(options.gate, now)
    write_atomic(options.out, data, mode=READABLE)
    version = parse_envelope(data).statement.version
    report: Report = {"file": str(options.out), "gate": options.gate, "version": str(version)}
    return report | ({} if back is None else _told(back))


def add_raise_epoch(command: argparse.ArgumentParser) -> None:
    """Options of ``hub raise-epoch``."""
    _add_gate(command)
    add_keys(command)
    _add_out(command)


def raise_epoch(options: argparse.Namespace, now: int) -> Report:
    """Write the wanted list as the first of a new epoch for the root, signed by the online key."""
    with contextlib.closing(HubStore(options.store)) as store:
        if store.gates.get(options.gate).struck_at is not None:
            raise OfficeError(f"gate {options.gate} was struck off: it gets no list any more")
        signers = DirectorySigners(key_directory(options))
        statement = Publisher(store, signers).raise_epoch(options.gate, now).statement
        data = signers.seal(statement, Role.ONLINE)
    write_atomic(options.out, data, mode=READABLE)
    return {
        "file": str(options.out),
        "gate": options.gate,
        "version": str(statement.version),
        "digest": statement.digest.hex(),
        "records": len(decode_content(statement.content)[1]),
    }


def add_take(command: argparse.ArgumentParser) -> None:
    """Options of ``hub take``."""
    command.add_argument("file", type=Path, help="a gate's file, or what the manager or the root has signed")
    command.add_argument(
        "--keys", type=Path, help="the key directory, for what the manager or the root signed"
    )


def take(options: argparse.Namespace, now: int) -> Report:
    """Take in a gate's log, receipts or request, a countersigned update, a root's list or floor lowering."""
    with options.file.open("rb") as file:
        data = file.read(MAX_ENVELOPE_BYTES + 1)
    with contextlib.closing(HubStore(options.store)) as store:
        if data.startswith(MAGIC):
            found = take_file(store, options.file, now)
            return {"gate": found.gate_id, "events_up_to": found.last_event, "receipts": found.receipts}
        if (answer := take_enrolment(store, options.file, data, now)) is not None:
            return {"enrolment": answer.state.name.lower(), "text": answer.text}
        report = _take_signed(store, options, data, now)
    nudge(options.store)
    return report


def _take_signed(store: HubStore, options: argparse.Namespace, data: bytes, now: int) -> Report:
    if options.keys is None:
        raise OfficeError(
            f"{options.file}: is no file of a gate's; if the manager or the root signed it, name the key"
            " directory by --keys: its roots tell whether their signatures count"
        )
    keys = KeyDirectory(options.keys)
    try:
        if _is_lowering(data):
            lowering = take_lowering(store, keys.roots, data, now)
            return {"gate": lowering.gate_id, "floor_lowering": lowering.serial, "floor": lowering.floor}
        taken = take_update(store, keys, data, now)
    except OfficeError as error:
        raise OfficeError(f"{options.file}: {error}") from None
    return {"gate": taken.gate_id, "version": str(taken.version), "signed_by": taken.signed_by}


def _is_lowering(data: bytes) -> bool:
    try:
        claimed_gate(data)
    except StatementError:
        return False
    return True


def _told(back: HeldBack) -> Report:
    """Of a braked change, what its signer must know."""
    return {
        "credentials_that_stop_opening": back.lost,
        "credentials_that_can_open": back.openers,
        **told_of_steps(back.steps),
    }


def _add_gate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--gate", type=int, required=True, help="the gate's id")


def _add_out(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, help="the file to write")
