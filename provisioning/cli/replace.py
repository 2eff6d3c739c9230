"""Put this spare unit in the place of a gate's dead one, by a bundle made with --replace."""

from __future__ import annotations

import argparse

from provisioning.cli._answer import Outcome, add_common, say
from provisioning.cli._bundle_input import add_bundle_arguments, read_site_bundle, tell
from provisioning.cli.enrol import add_request_argument, finish
from provisioning.enrolment import Enroller
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.owner import refuse_without_users
from provisioning.site_bundle import Known, OpenedBundle, floor_of
from provisioning.spare import former_state, set_state_aside
from provisioning.standstill import GATE, SYNC, stopped
from terminal.version import SOFTWARE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_bundle_arguments(parser)
    add_request_argument(parser)
    add_common(parser, dry_run="tell what would be done, touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Replace; 0 when this unit works in the old one's place, 1 when it was refused."""
    return say(arguments, lambda: _replace(arguments))


def _replace(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    refuse_without_users(host)
    # Whatever this unit was before, it is to be this bundle's gate: only the time it knows counts.
    known = Known(None, None, None, floor_of(host))
    bundle, today = read_site_bundle(arguments, host, known)
    if not bundle.content.replaces:
        raise ProvisioningError(
            f"{arguments.bundle}: is for a gate that had no unit before: use enrol, or let the office make it"
            " with: bundle GATE --replace"
        )
    enroller = Enroller(host, bundle, today, software=SOFTWARE)
    former = former_state(host, bundle.content.token.public)
    if arguments.dry_run:
        changes = [*(f"set {one} aside" for one in former), *_outstanding(enroller, former)]
        return 0, "\n".join(changes or ["nothing is left to do"]), {"changes": changes}
    with stopped(host, *((SYNC, GATE) if former else ())):
        for one in set_state_aside(host, bundle.content.token.public):
            tell(f"{one}: what this unit was before lies there; remove it once nothing of it is needed")
        code, text, fields = finish(arguments, host, bundle, enroller)
    return code, f"{text}\n{_after(bundle)}", fields


def _outstanding(enroller: Enroller, former: list[str]) -> list[str]:
    if not former:
        return enroller.outstanding()
    return ["make a new key", "take the first list", "ask the office to accept the key"]


def _after(bundle: OpenedBundle) -> str:
    return (
        f"the old unit of {bundle.content.name} is refused by the office once this key is accepted; its"
        " one-use slips wait for a clerk: python -m office hub settle"
    )
