"""Where the configuration of a set-up comes from: the bundle, a file, the machine itself, or a talk."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from provisioning.board import Board, board_of, model_of, recognise
from provisioning.cli._answer import Fields, show
from provisioning.cli._bundle_input import read_site_bundle
from provisioning.cli.enrol import finish
from provisioning.enrolment import Enroller
from provisioning.host import Host
from provisioning.questions import ask_for_config
from provisioning.site_bundle import OpenedBundle
from provisioning.visit import Visit
from provisioning.visits import NoConfigurationError, config_text_of, visit_to_set_up
from terminal.version import SOFTWARE


class Source(Struct, frozen=True):
    """A configuration, and the bundle that it came in."""

    text: bytes
    path: Path
    board: str | None
    bundle: OpenedBundle | None = None
    enroller: Enroller | None = None

    def outstanding(self) -> list[str]:
        """What the bundle would still do here; raises ``BundleError`` where it may not be used."""
        return [] if self.enroller is None else self.enroller.outstanding()

    def enrol(self, arguments: argparse.Namespace, host: Host) -> tuple[str, Fields]:
        """Carry the bundle out; what to tell, and for programs."""
        if self.bundle is None or self.enroller is None:
            return "", {}
        _, text, fields = finish(arguments, host, self.bundle, self.enroller)
        return text, {"enrolment": fields}


def add_source(parser: argparse.ArgumentParser, boards: Sequence[str]) -> None:
    """The options of what sets a machine up, or would."""
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--config", type=Path, metavar="FILE", help="the gate's TOML file")
    given.add_argument("--bundle", type=Path, metavar="FILE", help="the site bundle from the office")
    parser.add_argument(
        "--code-file", type=Path, metavar="FILE", help="read the bundle's code there, unasked"
    )
    parser.add_argument("--today", metavar="YYYY-MM-DD", help="with a bundle: today's date, unasked")
    parser.add_argument("--board", choices=boards, help="which computer this is, where it does not tell")
    parser.add_argument(
        "--read-only-root",
        action=argparse.BooleanOptionalAction,
        help="mount the system read-only; the state needs a partition of its own",
    )


def source_of(arguments: argparse.Namespace, host: Host) -> Source:
    """The configuration of this set-up, without a talk.

    Raises:
        NoConfigurationError: none was given and the machine has none.
        ConfigError, BundleError, ProvisioningError: what was given cannot be used.
    """
    if arguments.bundle is None:
        text, path = config_text_of(host, arguments.config)
        return Source(text, path, arguments.board)
    bundle, today = read_site_bundle(arguments, host)
    enroller = Enroller(host, bundle, today, software=SOFTWARE)
    path = Path(f"{arguments.bundle}: gate.toml")
    return Source(bundle.content.config, path, arguments.board, bundle, enroller)


def source_or_talk(arguments: argparse.Namespace, host: Host) -> Source:
    """The same, but where there is none whoever stands at the terminal is asked."""
    try:
        return source_of(arguments, host)
    except NoConfigurationError:
        if arguments.json or not sys.stdin.isatty():
            raise
    known: Board | None = board_of(arguments.board) if arguments.board else recognise(model_of(host))
    outcome = ask_for_config(input, show, known)
    return Source(outcome.config_text, Path("the answers"), outcome.board.name)


def visit_of(source: Source, host: Host, *, read_only_root: bool | None) -> Visit:
    """The visit with this configuration."""
    return visit_to_set_up(host, source.text, source.path, board=source.board, read_only_root=read_only_root)
