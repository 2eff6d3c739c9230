"""`python -m office hub …`: the hub's store by hand, also while a hub serves gates from it.

hub init STORE --estate HEX                   a new store
hub register STORE --gate 1 --name east [--key HEX] [--serial ADDRESS | --by-file]
hub strike STORE --gate 1                     a lost gate: its key is refused for ever
hub import STORE ESTATE.toml                  make all lists what the estate file says
hub revoke STORE --card HEX --reason lost     end a chip's grants at every gate
hub report STORE [--card HEX]                 how gates stand; since when they refuse a card
hub resume STORE [--gate 1]                   a clerk has looked: see docs/adr/0011
hub move STORE --grant 108 --to 2 --door 1    what is left of a counted grant goes to another gate
hub settle STORE --grant 108 --left 1         what is left of a counted grant, by a clerk
hub held STORE [--gate 1]                     what waits for the manager's signature
hub propose STORE --gate 1 --keys KEYS --out FILE      that, as a file for the manager
hub raise-epoch STORE --gate 1 --keys KEYS --out FILE  the list of a new epoch, as a file for the root
hub run STORE --keys KEYS [--listen HOST:PORT]   serve gates until told to stop
hub order STORE open --gate 1 --door 1 --operator 17 --reason "parcel"
hub take STORE FILE [--keys KEYS]             a file from a gate's stick, the manager or the root
hub enrolments|accept|refuse STORE            bundles that are out, and whose key is a gate's
hub as-built STORE as-built.json              what a technician built in and tested at a gate

A change is durable with its outbox row when the command ends; a running hub is told, and looks each second.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from office.cards_file import read_credential
from office.errors import OfficeError
from office.estate_file import load_estate
from office.hub.as_built_cli import add_as_built, as_built
from office.hub.clerk_steps import card_report, gate_report, import_estate, revoke
from office.hub.enrolment_cli import accept_key, add_decision, add_enrolments, enrolments, refuse_key
from office.hub.facts import Change, Gate, LinkKind
from office.hub.floor_post import lowering_report
from office.hub.office_schema import of_this_version
from office.hub.one_use import counted_grant, decide, order_move
from office.hub.run_cli import add_order, add_run, add_wire, nudge, order, run_hub, visits, wire
from office.hub.signature_cli import (
    add_held,
    add_propose,
    add_raise_epoch,
    add_take,
    held,
    propose,
    raise_epoch,
    take,
)
from office.hub.store import HubStore
from office.options import hexadecimal
from office.site.store_option import add_store
from office.table import choice
from sync.records import Access, Credential, Direction, RevocationReason, Technology

Report = dict[str, object]


def add_hub(group: argparse.ArgumentParser) -> None:
    """Add the commands to their parser; each sets ``run``, which takes options and the time."""
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    for name, add, run, text in (
        ("init", _add_init, _init, "a new store"),
        ("register", _add_register, _register, "register a gate"),
        ("wire", add_wire, wire, "say how a registered gate is reached"),
        ("strike", _add_gate, _strike, "strike a lost gate off"),
        ("import", _add_import, _import, "make all lists what an estate file says"),
        ("revoke", _add_revoke, _revoke, "end a chip's grants at every gate"),
        ("report", _add_report, _report, "how gates stand, and since when they refuse a card"),
        ("resume", _add_resume, _resume, "a clerk has looked at a gate that waits for it"),
        ("move", _add_move, _move, "let what is left of a counted grant go to another gate"),
        ("settle", _add_settle, _settle, "say what is left of a counted grant"),
        ("run", add_run, run_hub, "serve gates"),
        ("order", add_order, order, "have a connected gate open, change its mode, blink …"),
        ("held", add_held, held, "what waits for the manager's signature"),
        ("propose", add_propose, propose, "write what the brake holds as a file for the manager"),
        ("raise-epoch", add_raise_epoch, raise_epoch, "write the list of a new epoch for the root"),
        ("take", add_take, take, "take in a file: a gate's, or what the manager or the root has signed"),
        ("enrolments", add_enrolments, enrolments, "bundles that are out, and keys that wait"),
        ("accept", add_decision, accept_key, "accept a gate's key by its fingerprint"),
        ("refuse", add_decision, refuse_key, "refuse a gate's key by its fingerprint"),
        ("as-built", add_as_built, as_built, "take in what a technician built in and tested at a gate"),
    ):
        command = commands.add_parser(name, help=text)
        add_store(command)
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        add(command)
        command.set_defaults(run=of_this_version(run))


def _add_init(command: argparse.ArgumentParser) -> None:
    command.add_argument("--estate", required=True, help="the estate's id, 16 hexadecimal digits")


def _init(options: argparse.Namespace, _now: int) -> Report:
    estate_id = hexadecimal(options.estate, "--estate")
    if not isinstance(options.store, Path):
        raise OfficeError(f"{options.store}: is an office's; it has its store since: init")
    if options.store.exists():
        raise OfficeError(f"{options.store}: exists; choose a new file for the store")
    HubStore.found(options.store, estate_id).close()
    return {"store": str(options.store), "estate": estate_id.hex()}


def _add_register(command: argparse.ArgumentParser) -> None:
    _add_gate(command)
    command.add_argument("--name", required=True)
    command.add_argument(
        "--key",
        default="",
        help="its public key, 64 hexadecimal digits; without it a bundle invites the gate",
    )
    link = command.add_mutually_exclusive_group()
    link.add_argument("--serial", type=int, metavar="ADDRESS", help="on a serial pair, under this address")
    link.add_argument("--by-file", action="store_true", help="only files are carried to it")


def _register(options: argparse.Namespace, now: int) -> Report:
    link = LinkKind.NETWORK
    if options.serial is not None:
        link = LinkKind.SERIAL
    elif options.by_file:
        link = LinkKind.FILE
    key = hexadecimal(options.key, "--key")
    with closing(HubStore(options.store)) as store:
        store.gates.add(Gate(options.gate, options.name, key, link, options.serial, now))
    return {"gate": options.gate, "name": options.name, "link": link.value}


def _add_gate(command: argparse.ArgumentParser) -> None:
    command.add_argument("--gate", type=int, required=True, help="the gate's id")


def _strike(options: argparse.Namespace, now: int) -> Report:
    with closing(HubStore(options.store)) as store:
        store.gates.strike(options.gate, now)
        waiting = [one.grant_id for one in store.moves.open() if one.from_gate == options.gate]
    return {"gate": options.gate, "struck_off": now, "moves_to_settle": waiting}


def _add_import(command: argparse.ArgumentParser) -> None:
    command.add_argument("estate", type=Path, help="the estate file")
    command.add_argument("--revive", action="store_true", help="let grants open again that had ended")


def _import(options: argparse.Namespace, now: int) -> Report:
    estate = load_estate(options.estate)
    with closing(HubStore(options.store)) as store:
        changes = import_estate(store, estate, now, revive=options.revive)
    nudge(options.store)
    return _changed(changes) | {"gates": len(estate.gates)}


def _add_card(command: argparse.ArgumentParser, *, required: bool) -> None:
    which = command.add_mutually_exclusive_group(required=required)
    which.add_argument("--card", help="the chip's number in hexadecimal")
    which.add_argument("--issue", type=int, help="an issue's id")
    command.add_argument(
        "--technology", default="iso14443a", choices=[one.name.lower() for one in Technology]
    )


def _add_revoke(command: argparse.ArgumentParser) -> None:
    _add_card(command, required=True)
    command.add_argument("--reason", required=True, choices=[one.name.lower() for one in RevocationReason])


def _revoke(options: argparse.Namespace, now: int) -> Report:
    reason = choice(RevocationReason)(options.reason)
    with closing(HubStore(options.store)) as store:
        changes = revoke(store, now, reason, credential=_card(options), issue_id=options.issue)
    nudge(options.store)
    return _changed(changes)


def _add_report(command: argparse.ArgumentParser) -> None:
    _add_card(command, required=False)


def _report(options: argparse.Namespace, now: int) -> Report:
    with closing(HubStore(options.store)) as store:
        if options.card is not None or options.issue is not None:
            return _card_rows(store, options)
        report: Report = {}
        for gate in store.gates.all():
            found = gate_report(store, gate, now)
            report[f"gate {gate.gate_id} {gate.name}"] = {
                "state": found.state.value,
                "why": found.why,
                "list_age_s": found.list_age_s,
                "silent_s": found.silent_s,
            }
        for alarm in store.diary.alarms():
            whose = "every gate" if alarm.gate_id is None else f"gate {alarm.gate_id}"
            told = {"count": alarm.count, "last_at": alarm.last_at, "text": alarm.text}
            report[f"alarm {alarm.name} of {whose}"] = told
        for move in store.moves.open():
            report[f"grant {move.grant_id}"] = {"moves_to": move.to_gate, "state": move.state.name.lower()}
        return report | lowering_report(store) | visits(options.store)


def _card_rows(store: HubStore, options: argparse.Namespace) -> Report:
    report: Report = {}
    for one in card_report(store, credential=_card(options), issue_id=options.issue):
        ended = "accepted" if one.ended is None else f"refused as {one.ended.name.lower()}"
        report[f"gate {one.confirmation.gate_id}, grant {one.grant_id}"] = {
            "is": ended if one.confirmation.since is not None else f"not confirmed ({ended} is wanted)",
            "since": one.confirmation.since,
            "exact": one.confirmation.exact,
        }
    return report


def _add_resume(command: argparse.ArgumentParser) -> None:
    command.add_argument("--gate", type=int, help="only this gate (default: every gate)")


def _resume(options: argparse.Namespace, now: int) -> Report:
    with closing(HubStore(options.store)) as store, store.transaction():
        gates = [options.gate] if options.gate is not None else [one.gate_id for one in store.gates.all()]
        for gate_id in gates:
            store.diary.resume(store.gates.get(gate_id).gate_id, now)
            store.wanted.announce(gate_id, now)
    nudge(options.store)
    return {"resumed": gates}


def _add_move(command: argparse.ArgumentParser) -> None:
    command.add_argument("--grant", type=int, required=True, help="the grant's id")
    command.add_argument("--to", type=int, required=True, metavar="GATE", help="the other gate's id")
    command.add_argument(
        "--door",
        action="append",
        required=True,
        metavar="ID[:in|out|both]",
        help="a door of that gate (default: both directions); may be repeated",
    )


def _move(options: argparse.Namespace, now: int) -> Report:
    access = tuple(sorted(_access(one) for one in options.door))
    with closing(HubStore(options.store)) as store:
        move = order_move(store, counted_grant(store, options.grant), options.to, access, now)
    nudge(options.store)
    return {
        "grant": move.grant_id,
        "from_gate": move.from_gate,
        "to_gate": move.to_gate,
        "uses": move.uses,
        "state": move.state.name.lower(),
        "new_grant": move.new_grant_id,
    }


def _access(text: str) -> Access:
    door, colon, way = text.partition(":")
    if not door.isdecimal() or (colon and way.upper() not in Direction.__members__):
        raise OfficeError(
            f"--door {text!r}: write a door's id, and if you like its direction: 1, 1:in, 1:out"
        )
    return Access(int(door), Direction[way.upper()] if colon else Direction.BOTH)


def _add_settle(command: argparse.ArgumentParser) -> None:
    command.add_argument("--grant", type=int, required=True, help="the grant's id")
    command.add_argument("--left", type=int, required=True, help="uses that are left; 0 ends it")


def _settle(options: argparse.Namespace, now: int) -> Report:
    with closing(HubStore(options.store)) as store:
        move = decide(store, options.grant, options.left, now)
    nudge(options.store)
    return {"grant": move.grant_id, "state": move.state.name.lower(), "new_grant": move.new_grant_id}


def _changed(changes: list[Change]) -> Report:
    return {"changed_gates": [one.gate_id for one in changes], "outbox": [one.number for one in changes]}


def _card(options: argparse.Namespace) -> Credential | None:
    if options.card is None:
        return None
    try:
        return read_credential(choice(Technology)(options.technology), options.card)
    except ValueError as error:
        raise OfficeError(f"--card: {error}") from None
