"""`python -m office`: make keys, and sign permission lists from an estate file.

keys init DIR --estate HEX            a root key, and list, online, manager keys under it
keys delegate DIR NAME --role ROLE    let the root delegate a key, made if it is new
keys withdraw DIR NAME                let the root withdraw a key
list sign ESTATE.toml --gate NAME     a snapshot, or a delta to what was sent before
list revoke --card HEX --reason WHY   end a chip's grants at once, by the online key
list countersign FILE                 add the manager's signature
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from office.authoring import check_ids_kept, check_none_revived, compile_list, number_cards
from office.cards_file import load_cards, read_credential
from office.clock import utc_now
from office.errors import OfficeError
from office.estate_file import load_estate
from office.files import READABLE, write_atomic
from office.keys import KeyDirectory
from office.notation import read_time
from office.signing import (
    Signed,
    add_manager,
    anchor_of,
    read_sent,
    read_statement,
    sign_delta,
    sign_revocation,
    sign_snapshot,
)
from office.table import choice
from sync.delegation import Role
from sync.fields import MAX_WHOLE
from sync.keys import key_id
from sync.publishing import Destination
from sync.records import RevocationReason, Technology
from sync.update import ListVersion

DELEGATION_S: Final = 5 * 365 * 86_400
"""How long a key serves unless told otherwise; a terminal's life is longer."""

Report = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked."""
    options = _parser().parse_args(arguments)
    try:
        report: Report = options.run(options, utc_now())
    except OfficeError as error:
        sys.stderr.write(f"office: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"office: {error.filename}: {error.strerror}\n")
        return 1
    text = (
        json.dumps(report) if options.json else "\n".join(f"{key}: {value}" for key, value in report.items())
    )
    sys.stdout.write(text + "\n")
    return 0


def _keys_init(options: argparse.Namespace, now: int) -> Report:
    estate_id = _hex(options.estate, "--estate")
    keys = KeyDirectory.create(options.directory, estate_id, random_bytes=secrets.token_bytes)
    report: Report = {"estate": estate_id.hex(), "root": keys.public("root").hex()}
    for role in Role:
        name = role.name.lower()
        keys.create_key(name, random_bytes=secrets.token_bytes)
        until = _until(options.until, now)
        report[name] = keys.delegate(name, role, gates=None, issued_at=now, not_after=until).key_id.hex()
    return report


def _keys_delegate(options: argparse.Namespace, now: int) -> Report:
    keys = KeyDirectory(options.directory)
    if not (options.directory / f"{options.name}.pub").exists():
        keys.create_key(options.name, random_bytes=secrets.token_bytes)
    gates = frozenset(options.gate) if options.gate else None
    delegation = keys.delegate(
        options.name,
        choice(Role)(options.role),
        gates=gates,
        issued_at=now,
        not_after=_until(options.until, now),
    )
    return {
        "key": options.name,
        "key_id": delegation.key_id.hex(),
        "role": options.role,
        "gates": "all" if gates is None else sorted(gates),
        "not_after": delegation.not_after,
        "serial": delegation.serial,
    }


def _keys_withdraw(options: argparse.Namespace, _now: int) -> Report:
    keys = KeyDirectory(options.directory)
    statement = keys.withdraw(key_id(keys.public(options.name)))
    withdrawn = sorted(one.hex() for one in statement.key_ids)
    return {"withdrawals": statement.version, "withdrawn": withdrawn}


def _list_sign(options: argparse.Namespace, now: int) -> Report:
    estate, keys = load_estate(options.estate), KeyDirectory(options.keys)
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
    keys = KeyDirectory(options.keys)
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
    return _write(add_manager(KeyDirectory(options.keys), options.file, at=now), options.out)


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


def _until(text: str | None, now: int) -> int:
    if text is None:
        return now + DELEGATION_S
    try:
        return read_time(text, ZoneInfo("UTC"))
    except ValueError as error:
        raise OfficeError(f"--until: {error}") from None


def _hex(text: str, option: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise OfficeError(f"{option}: {text!r} is not hexadecimal") from None


def _positive(text: str) -> int:
    """A number from 1 to what a list's version may hold, for argparse."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_WHOLE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_WHOLE}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="office", description="Keys and permission lists of an estate.")
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")
    groups = parser.add_subparsers(required=True, metavar="keys|list")
    _add_keys(groups.add_parser("keys", help="make, delegate and withdraw keys"))
    _add_list(groups.add_parser("list", help="sign permission lists"))
    return parser


def _add_keys(group: argparse.ArgumentParser) -> None:
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="a new key directory with all keys")
    init.add_argument("directory", type=Path)
    init.add_argument("--estate", required=True, help="the estate's id, 16 hexadecimal digits")
    delegate = commands.add_parser("delegate", help="let the root delegate a key")
    delegate.add_argument("directory", type=Path)
    delegate.add_argument("name")
    delegate.add_argument("--role", required=True, choices=[one.name.lower() for one in Role])
    delegate.add_argument("--gate", type=int, action="append", help="only at this gate; may be repeated")
    withdraw = commands.add_parser("withdraw", help="let the root withdraw a key")
    withdraw.add_argument("directory", type=Path)
    withdraw.add_argument("name")
    for command, run in ((init, _keys_init), (delegate, _keys_delegate), (withdraw, _keys_withdraw)):
        command.set_defaults(run=run)
        _add_json(command)
    for command in (init, delegate):
        command.add_argument("--until", help="ISO 8601 end of the delegation (default: five years)")


def _add_list(group: argparse.ArgumentParser) -> None:
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    sign = commands.add_parser("sign", help="a snapshot, or with --previous a delta")
    sign.add_argument("estate", type=Path, help="the estate file")
    sign.add_argument("--gate", required=True, help="the gate's name in it")
    sign.add_argument("--epoch", type=_positive, help="of a snapshot (default: 1)")
    sign.add_argument(
        "--revision", type=_positive, help="of a snapshot (default: 1); a delta takes the next one"
    )
    sign.add_argument("--by-root", action="store_true", help="the root signs: needed to raise the epoch")
    sign.add_argument("--revive", action="store_true", help="let grants open again that had ended")
    revoke = commands.add_parser("revoke", help="end a chip's grants, signed by the online key")
    revoke.add_argument("--card", required=True, help="the chip's number in hexadecimal")
    revoke.add_argument("--technology", default="iso14443a", choices=[one.name.lower() for one in Technology])
    revoke.add_argument("--reason", required=True, choices=[one.name.lower() for one in RevocationReason])
    countersign = commands.add_parser("countersign", help="add the manager's signature")
    countersign.add_argument("file", type=Path)
    for command, run in ((sign, _list_sign), (revoke, _list_revoke), (countersign, _list_countersign)):
        command.set_defaults(run=run)
        command.add_argument("--keys", type=Path, required=True, help="the key directory")
        command.add_argument("--out", type=Path, required=True, help="the file to write")
        _add_json(command)
    for command in (sign, revoke):
        command.add_argument(
            "--previous",
            type=Path,
            action="append",
            required=command is revoke,
            help="an update sent before: the snapshot first, then each delta; may be repeated",
        )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


if __name__ == "__main__":
    sys.exit(main())
