"""Bring this gate into service by the site bundle from the office."""

from __future__ import annotations

import argparse
from pathlib import Path

from provisioning.cli._answer import Outcome, add_common, say
from provisioning.cli._bundle_input import add_bundle_arguments, read_site_bundle
from provisioning.durable import write_file
from provisioning.enrolment import Enrolled, Enroller
from provisioning.host import Host
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
    if arguments.request is not None:
        write_file(arguments.request, enrolment_file(enrolled.request), mode=0o644, owner=None, at=pass_by)
    return _told(bundle, enrolled, changed=bool(changes), request=arguments.request)


def _told(bundle: OpenedBundle, enrolled: Enrolled, *, changed: bool, request: Path | None) -> Outcome:
    content, shown = bundle.content, fingerprint(enrolled.public)
    fields = {
        "gate": content.gate_id,
        "name": content.name,
        "fingerprint": shown,
        "list": str(enrolled.list_version),
        "changed": changed,
        "provisional": True,
        "request": None if request is None else str(request),
    }
    lines = [
        f"gate {content.gate_id} {content.name}: list {enrolled.list_version} is in force",
        f"key     {shown}",
        "PROVISIONAL until the office has accepted this key: read it out to the office, or compare it there",
        f"        at the office: python -m office hub accept STORE {shown}",
    ]
    if request is not None:
        lines.append(f"request {request}: at the office: python -m office hub take STORE FILE")
    return 0, "\n".join(lines), fields
