"""``python -m office keys COMMAND DIR``: an estate's keys, from their making to their end.

DIR is the office's key directory. Where a command needs a private key that lies on a
stick, ``--keys STICK`` names it; ``--private STICK`` puts a new one there. No command ever
shows a private key.
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from office.errors import OfficeError
from office.files import READABLE, write_atomic
from office.floor_lowering import lower_floor
from office.key_files import read_public
from office.key_report import about, delegation_report, key_row, roots_line, time_text
from office.key_rotation import drop_root, new_root, rotate, switch_root
from office.keys import ROOT, KeyDirectory
from office.notation import read_time
from office.options import hexadecimal
from office.report import Report
from office.table import choice
from sync.delegation import Role
from sync.keys import key_id

DELEGATION_S: Final = 5 * 365 * 86_400
"""How long a key serves unless told otherwise; a terminal's life is longer."""


def init(options: argparse.Namespace, now: int) -> Report:
    """A new key directory: a root, and a key in each role under it."""
    estate_id = hexadecimal(options.estate, "--estate")
    private = _private_places(options.private, {ROOT, *(one.name.lower() for one in Role)})
    keys = KeyDirectory.create(
        options.directory, estate_id, random_bytes=secrets.token_bytes, root_in=private.get(ROOT)
    )
    if ROOT in private:
        keys = KeyDirectory(keys.path, (private[ROOT],))
    report: Report = {"estate": estate_id.hex(), "root": keys.public(ROOT).hex()}
    for role in Role:
        name = role.name.lower()
        if name in (options.without or ()):
            continue
        keys.create_key(name, random_bytes=secrets.token_bytes, private_in=private.get(name))
        until = _until(options.until, now)
        report[name] = keys.delegate(name, role, gates=None, issued_at=now, not_after=until).key_id.hex()
    return report


def make(options: argparse.Namespace, _now: int) -> Report:
    """A key pair in a directory of its own: for the manager, on the manager's computer."""
    keys = KeyDirectory.create_empty(options.directory, hexadecimal(options.estate, "--estate"))
    keys.create_key(options.name, random_bytes=secrets.token_bytes)
    return {
        **about(keys, options.name),
        "next": f"give the office the public key; its {options.name}.delegation belongs in this directory",
    }


def adopt(options: argparse.Namespace, now: int) -> Report:
    """Take in the public half of a key that was made elsewhere, and delegate it."""
    keys = _keys(options)
    keys.signing(keys.root_names[0])  # without the root nothing may have happened
    keys.adopt(options.name, read_public(options.public))
    return delegate(options, now) | {"give_to_its_owner": str(keys.path / f"{options.name}.delegation")}


def delegate(options: argparse.Namespace, now: int) -> Report:
    """Let the root delegate a key, made if it is new."""
    keys = _keys(options)
    keys.signing(keys.root_names[0])
    if options.name not in keys.names:
        keys.create_key(options.name, random_bytes=secrets.token_bytes, private_in=options.private)
    gates = frozenset(options.gate) if options.gate else None
    delegation = keys.delegate(
        options.name,
        choice(Role)(options.role),
        gates=gates,
        issued_at=now,
        not_after=_until(options.until, now),
    )
    return {"key": options.name, **delegation_report(delegation)}


def rotate_key(options: argparse.Namespace, now: int) -> Report:
    """Let a new key take the role and the gates of an old one, which is withdrawn."""
    done = rotate(
        _keys(options),
        options.name,
        options.new,
        random_bytes=secrets.token_bytes,
        private_in=options.private,
        issued_at=now,
        not_after=_until(options.until, now),
        keep_old=options.keep_old,
    )
    ending = (
        {"old_key_ends": time_text(done.old.not_after)}
        if done.withdrawals is None
        else {"withdrawals": done.withdrawals.version, "old_key_ends": "with the next update of each gate"}
    )
    return {"key": options.new, **delegation_report(done.delegation), **ending}


def withdraw(options: argparse.Namespace, _now: int) -> Report:
    """Let the root withdraw a key."""
    keys = _keys(options)
    statement = keys.withdraw(key_id(keys.public(options.name)))
    withdrawn = sorted(one.hex() for one in statement.key_ids)
    return {"withdrawals": statement.version, "withdrawn": withdrawn}


def list_keys(options: argparse.Namespace, now: int) -> Report:
    """Every key of the directory: id, role, gates, end, state."""
    keys = _keys(options)
    return {
        "estate": keys.estate_id.hex(),
        "withdrawals": keys.withdrawals().version,
        "keys": [key_row(keys, name, now) for name in keys.names],
    }


def show(options: argparse.Namespace, now: int) -> Report:
    """One key, with its public half and its fingerprint."""
    keys = _keys(options)
    found = keys.delegations().get(options.name)
    more = {} if found is None else delegation_report(found[0])
    return {**about(keys, options.name), **more, **key_row(keys, options.name, now)}


def make_root(options: argparse.Namespace, _now: int) -> Report:
    """A further root, which gates must learn before it signs."""
    keys = _keys(options)
    new_root(keys, options.name, random_bytes=secrets.token_bytes, private_in=options.private)
    return {**about(keys, options.name), "next": roots_line(keys), "then": "keys switch-root"}


def use_root(options: argparse.Namespace, now: int) -> Report:
    """Let another root sign from now on, and anew what is in force."""
    keys = _keys(options)
    names = switch_root(keys, options.name, at=now)
    return {
        "root": options.name,
        "delegated_anew": names,
        "next": "send every gate an update, so that it has the new chain",
        "then": "keys drop-root",
    }


def forget_root(options: argparse.Namespace, _now: int) -> Report:
    """Forget a root that no gate names any more."""
    keys = _keys(options)
    drop_root(keys, options.name)
    return {"dropped": options.name, "next": roots_line(keys)}


def lower(options: argparse.Namespace, now: int) -> Report:
    """Sign that a gate's time floor is too high, and what it shall be."""
    keys = _keys(options)
    floor = _moment(options.floor, "--floor")
    lowering, data = lower_floor(keys, options.gate, floor, issued_at=now, serial=options.serial)
    write_atomic(options.out, data, mode=READABLE)
    return {
        "file": str(options.out),
        "gate": lowering.gate_id,
        "serial": lowering.serial,
        "floor": time_text(lowering.floor),
    }


def _keys(options: argparse.Namespace) -> KeyDirectory:
    return KeyDirectory(options.directory, tuple(options.keys or ()))


def _private_places(words: list[str] | None, names: set[str]) -> dict[str, Path]:
    places = {}
    for word in words or ():
        name, _, place = word.partition("=")
        if name not in names or not place:
            raise OfficeError(f"--private {word!r}: write NAME=DIR, NAME one of {', '.join(sorted(names))}")
        places[name] = Path(place)
    return places


def _until(text: str | None, now: int) -> int:
    return now + DELEGATION_S if text is None else _moment(text, "--until")


def _moment(text: str, option: str) -> int:
    try:
        return read_time(text, ZoneInfo("UTC"))
    except ValueError as error:
        raise OfficeError(f"{option}: {error}") from None
