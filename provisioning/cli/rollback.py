"""Go back to the release that served before."""

from __future__ import annotations

import argparse

from provisioning.cli._answer import Outcome, add_common, say
from provisioning.cli._releases import machine_of, state_of
from provisioning.releases import Releases
from provisioning.trial import go_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_common(parser, dry_run="tell what would be switched, and touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Switch back; 0 once the release before is in place."""
    return say(arguments, lambda: _roll_back(arguments, Releases(arguments.root)))


def _roll_back(arguments: argparse.Namespace, releases: Releases) -> Outcome:
    before = releases.current()
    if arguments.dry_run:
        text = f"would go back from {before or 'none'} to {releases.previous() or 'none'}"
        return 0, text, state_of(releases)
    version = go_back(releases, "by hand", machine_of(arguments.root))
    return 0, f"release {version} serves again, instead of {before}", state_of(releases)
