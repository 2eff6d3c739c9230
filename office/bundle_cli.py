"""`python -m office bundle GATE`: what a technician takes to a gate, and the code that opens it."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from office.files import PRIVATE, READABLE, write_atomic
from office.gate_config import read_gate_config
from office.hub.inviting import MAX_DAYS, Asked, find_gate, make_bundle
from office.hub.office_schema import check_office_schema
from office.hub.publisher import Publisher
from office.hub.signers import DirectorySigners
from office.hub.store import HubStore
from office.options import add_json, add_keys, key_directory, positive
from office.report import Report
from office.site.store_option import add_store

DEFAULT_DAYS: Final = 14


def add_bundle(command: argparse.ArgumentParser) -> None:
    """Options of ``bundle``."""
    command.add_argument("gate", help="the gate's name, or its id; plan one with: hub register")
    add_store(command, "--store").required = True
    add_keys(command)
    command.add_argument("--config", type=Path, required=True, help="the gate's TOML file")
    command.add_argument("--out", type=Path, required=True, help="the file to write")
    command.add_argument(
        "--days",
        type=positive,
        default=DEFAULT_DAYS,
        help=f"how long it serves (default: {DEFAULT_DAYS}, at most {MAX_DAYS})",
    )
    command.add_argument("--replace", action="store_true", help="another unit takes the place of the old one")
    command.add_argument(
        "--stolen", action="store_true", help="with --replace: refuse the old unit's key from now on"
    )
    command.add_argument("--code-file", type=Path, help="write the code there instead of showing it")
    add_json(command)
    command.set_defaults(run=run_bundle)


def run_bundle(options: argparse.Namespace, now: int) -> Report:
    """Make a bundle for one gate."""
    keys = key_directory(options)
    check_office_schema(options.store)
    with closing(HubStore(options.store)) as store:
        gate = find_gate(store, options.gate)
        identity: dict[str, object] = {
            "name": gate.name,
            "id": gate.gate_id,
            "estate": store.gates.estate_id().hex(),
            "roots": [one.hex() for one in keys.roots],
        }
        config = read_gate_config(options.config, identity)
        asked = Asked(gate.gate_id, options.days, options.replace or options.stolen, options.stolen)
        publisher = Publisher(store, DirectorySigners(keys))
        made = make_bundle(store, keys, publisher, asked, config, at=now, random_bytes=os.urandom)
    write_atomic(options.out, made.file, mode=READABLE)
    report: Report = {
        "gate": gate.name,
        "file": str(options.out),
        "list": str(made.version),
        "ends": datetime.fromtimestamp(made.not_after, UTC).isoformat(),
        "bytes": len(made.file),
    }
    if options.code_file is None:
        report["code"] = made.code
    else:
        write_atomic(options.code_file, f"{made.code}\n".encode(), mode=PRIVATE)
    if asked.replaces:
        report["to_settle"] = list(made.to_settle)
    return report
