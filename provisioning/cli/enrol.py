"""Bring this gate into service by the site bundle from the office."""

from __future__ import annotations

import argparse
from pathlib import Path

from provisioning.cli._answer import EXIT_IO, Outcome, add_common, say
from provisioning.cli._bundle_input import add_bundle_arguments, read_site_bundle
from provisioning.durable import write_file
from provisioning.enrolment import Enrolled, Enroller
from provisioning.errors import DiskError
from provisioning.host import Host
from provisioning.owner import refuse_without_users
from provisioning.site_bundle import OpenedBundle
from provisioning.standstill import GATE, SYNC, stopped
from sync.enrolment import enrolment_file
from sync.gate_key import fingerprint
from terminal.stores.files import pass_by
from terminal.version import SOFTWARE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_bundle_arguments(parser)
    add_request_argument(parser)
    add_common(parser, dry_run="tell what would be done, touch nothing")


def add_request_argument(parser: argparse.ArgumentParser) -> None:
    """Where the request goes that a stick carries to the office."""
    parser.add_argument(
        "--request", type=Path, metavar="FILE", help="also write the request for the office there"
    )


def run(arguments: argparse.Namespace) -> int:
    """Enrol; 0 when the gate works by the bundle, 1 when it was refused."""
    return say(arguments, lambda: _enrol(arguments))


def _enrol(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    refuse_without_users(host)
    bundle, today = read_site_bundle(arguments, host)
    enroller = Enroller(host, bundle, today, software=SOFTWARE)
    changes = enroller.outstanding()
    if arguments.dry_run:
        return 0, "\n".join(changes or ["nothing is left to do"]), {"changes": changes}
    return finish(arguments, host, bundle, enroller)


def finish(arguments: argparse.Namespace, host: Host, bundle: OpenedBundle, enroller: Enroller) -> Outcome:
    """Carry the bundle out, and tell what the technician does next."""
    changes = enroller.outstanding()
    with stopped(host, *((SYNC, GATE) if changes else ())):
        enrolled = enroller.carry_out(with_config=True)
    outcome = _told(bundle, enrolled, changed=bool(changes))
    return outcome if arguments.request is None else _with_request(outcome, arguments.request, enrolled)


def _with_request(outcome: Outcome, path: Path, enrolled: Enrolled) -> Outcome:
    """The gate is in service by now, so a stick that is full takes nothing back, and hides no fingerprint."""
    code, text, fields = outcome
    try:
        write_file(path, enrolment_file(enrolled.request), mode=0o644, owner=None, at=pass_by)
    except DiskError as error:
        return EXIT_IO, f"{text}\nrequest NOT written: {error}", {**fields, "error": str(error)}
    line = f"request {path}: at the office: python -m office hub take STORE FILE"
    return code, f"{text}\n{line}", {**fields, "request": str(path)}


def _told(bundle: OpenedBundle, enrolled: Enrolled, *, changed: bool) -> Outcome:
    content, shown = bundle.content, fingerprint(enrolled.public)
    fields = {
        "gate": content.gate_id,
        "name": content.name,
        "fingerprint": shown,
        "list": str(enrolled.list_version),
        "changed": changed,
        "provisional": True,
        "request": None,
    }
    lines = [
        f"gate {content.gate_id} {content.name}: list {enrolled.list_version} is in force",
        f"key     {shown}",
        "PROVISIONAL until the office has accepted this key: read it out to the office, or compare it there",
        f"        at the office: python -m office hub accept STORE {shown}",
    ]
    return 0, "\n".join(lines), fields
