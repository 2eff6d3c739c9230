"""`python -m office`: the property office: its desk, its hub, its keys and lists, its data in and out.

keys …                                make, delegate, rotate and withdraw keys (`office.key_options`)
list sign ESTATE.toml --gate NAME     a snapshot, or a delta to what was sent before
list revoke --card HEX --reason WHY   end a chip's grants at once, by the online key
list countersign FILE                 add the manager's signature
list root-sign FILE                   have the root sign a list that begins an epoch
hub …                                 the hub's store: see `office.hub.cli`
init, createuser, serve, watch        the desk: see `office.site.cli`
import, export, backup, restore       data in and out: see `office.exchange.cli`
check, upgrade                        an office's data as a whole: see the same
demo                                  a demonstration estate: see `office.demo.cli`
bundle GATE                           what a technician takes to a gate (`office.bundle_cli`)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from office import key_options
from office.authoring import check_ids_kept, check_none_revived, compile_list, number_cards
from office.bundle_cli import add_bundle
from office.cards_file import load_cards, read_credential
from office.clock import utc_now
from office.countersigning import countersigned
from office.demo.cli import add_demo
from office.errors import OfficeError
from office.estate_file import load_estate
from office.exchange.cli import add_exchange
from office.files import READABLE, write_atomic
from office.hub.cli import add_hub
from office.options import add_json, add_keys, key_directory, positive
from office.report import Report, as_json, as_text
from office.signing import (
    Signed,
    add_root,
    anchor_of,
    read_sent,
    read_statement,
    sign_delta,
    sign_revocation,
    sign_snapshot,
)
from office.site.cli import add_site
from office.table import choice
from sync.publishing import Destination
from sync.records import RevocationReason, Technology
from sync.update import ListVersion


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked."""
    try:
        options = _parser().parse_args(arguments)
        report: Report = options.run(options, utc_now())
    except OfficeError as error:
        sys.stderr.write(f"office: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"office: {error.filename}: {error.strerror}\n")
        return 1
    sys.stdout.write((as_json(report) if options.json else as_text(report)) + "\n")
    return 0


def _list_sign(options: argparse.Namespace, now: int) -> Report:
    estate, keys = load_estate(options.estate), key_directory(options)
    cards = number_cards(load_cards(estate))
    made = compile_list(estate, cards, options.gate)
    signed: Signed | None
    if options.previous:
        if options.by_root or options.epoch or options.revision:
            raise OfficeError("--epoch, --revision and --by-root are of a snapshot; leave out --previous")
        sent = read_sent(options.previous, anchor_of(keys, made.destination))
        check_ids_kept(made.content, sent.content)
        if not options.revive:
            check_none_revived(made.content, sent.content)
        signed = sign_delta(keys, made.destination, sent, made.content, issued_at=now)
    else:
        version = ListVersion(options.epoch or 1, options.revision or 1)
        signed = sign_snapshot(
            keys, made.destination, made.content, version, issued_at=now, by_root=options.by_root
        )
    if signed is None:
        return {"gate": options.gate, "unchanged": True}
    ids = {one.entry.place: [one.grant_id, one.issue_id] for one in made.cards if one.assigned}
    return _write(signed, options.out) | {"cards": len(made.cards), "assigned_ids": ids}


def _list_revoke(options: argparse.Namespace, now: int) -> Report:
    keys = key_directory(options)
    first = read_statement(options.previous[0])
    destination = Destination(first.estate_id, first.gate_id)
    sent = read_sent(options.previous, anchor_of(keys, destination))
    try:
        card = read_credential(choice(Technology)(options.technology), options.card)
    except ValueError as error:
        raise OfficeError(f"--card: {error}") from None
    reason = choice(RevocationReason)(options.reason)
    return _write(sign_revocation(keys, destination, sent, card, reason, issued_at=now), options.out)


def _list_countersign(options: argparse.Namespace, now: int) -> Report:
    signed, told = countersigned(key_directory(options), options.file, at=now)
    write_atomic(options.out, signed, mode=READABLE)
    return {"file": str(options.out), "bytes": len(signed), "signed": told}


def _list_root_sign(options: argparse.Namespace, now: int) -> Report:
    signed = add_root(key_directory(options), options.file, at=now)
    statement = read_statement(options.file)
    return {"gate": statement.gate_id} | _write(signed, options.out)


def _write(signed: Signed, out: Path) -> Report:
    write_atomic(out, signed.envelope, mode=READABLE)
    return {
        "file": str(out),
        "kind": signed.kind.name.lower(),
        "version": str(signed.version),
        "digest": signed.digest.hex(),
        "bytes": len(signed.envelope),
        "needs_manager": signed.needs_manager,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="office", description="The property office: desk, hub, keys and lists, import, backup."
    )
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    key_options.add_commands(groups.add_parser("keys", help=key_options.HELP))
    _add_list(groups.add_parser("list", help="sign permission lists"))
    add_site(groups)
    add_exchange(groups)
    add_demo(groups)
    add_hub(groups.add_parser("hub", help="register gates, change and report what they are to have"))
    add_bundle(groups.add_parser("bundle", help="make the site bundle of a gate"))
    return parser


def _add_list(group: argparse.ArgumentParser) -> None:
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    sign = commands.add_parser("sign", help="a snapshot, or with --previous a delta")
    sign.add_argument("estate", type=Path, help="the estate file")
    sign.add_argument("--gate", required=True, help="the gate's name in it")
    sign.add_argument("--epoch", type=positive, help="of a snapshot (default: 1)")
    sign.add_argument(
        "--revision", type=positive, help="of a snapshot (default: 1); a delta takes the next one"
    )
    sign.add_argument("--by-root", action="store_true", help="the root signs: needed to raise the epoch")
    sign.add_argument("--revive", action="store_true", help="let grants open again that had ended")
    revoke = commands.add_parser("revoke", help="end a chip's grants, signed by the online key")
    revoke.add_argument("--card", required=True, help="the chip's number in hexadecimal")
    revoke.add_argument("--technology", default="iso14443a", choices=[one.name.lower() for one in Technology])
    revoke.add_argument("--reason", required=True, choices=[one.name.lower() for one in RevocationReason])
    countersign = commands.add_parser("countersign", help="add the manager's signature")
    countersign.add_argument("file", type=Path, help="an update, or the desk's file of several")
    root_sign = commands.add_parser("root-sign", help="have the root sign a whole list that begins an epoch")
    root_sign.add_argument("file", type=Path, help="what hub raise-epoch wrote")
    for command, run in (
        (sign, _list_sign),
        (revoke, _list_revoke),
        (countersign, _list_countersign),
        (root_sign, _list_root_sign),
    ):
        command.set_defaults(run=run)
        add_keys(command)
        command.add_argument("--out", type=Path, required=True, help="the file to write")
        add_json(command)
    for command in (sign, revoke):
        command.add_argument(
            "--previous",
            type=Path,
            action="append",
            required=command is revoke,
            help="an update sent before: the snapshot first, then each delta; may be repeated",
        )


if __name__ == "__main__":
    sys.exit(main())
