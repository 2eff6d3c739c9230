"""Lower the gate's time floor by a file that the root signed."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from sync.statements.refusal import StatementError
from terminal.cli._answer import EXIT_NO, EXIT_NO_INPUT, Answer, CommandFailedError, add_config, answer
from terminal.cli._words import utc_text
from terminal.config import Config
from terminal.floor_updates import MAX_LOWERING_BYTES, take_lowering
from terminal.list_updates import anchor_of
from terminal.stores.list_store import ListStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="apply")
    apply = actions.add_parser("apply", help="judge a lowering that the root signed and put it into force")
    apply.add_argument("file", type=Path)
    add_config(apply)


def run(arguments: argparse.Namespace) -> int:
    """Apply; 0 when the floor was lowered, 1 when the file was refused."""
    return answer(arguments, lambda config: _apply(config, arguments.file))


def _apply(config: Config, path: Path) -> Answer:
    data = _read(path)
    with closing(ListStore(config.sync_dir, estate_id=config.estate_id, gate_id=config.gate.id)) as store:
        try:
            lowered = take_lowering(store, anchor_of(config), data)
        except StatementError as refused:
            raise CommandFailedError(
                f"{path}: refused, {refused.attack}: {refused}",
                EXIT_NO,
                attack=refused.attack,
                why=str(refused),
            ) from refused
    text = (
        f"floor lowering {lowered.serial} is in force: certainly not before {utc_text(lowered.floor)}\n"
        "a running gate takes it over within seconds; its clock counts as unconfirmed until the office"
        " answers again"
    )
    return Answer({"serial": lowered.serial, "floor": lowered.floor}, text)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_LOWERING_BYTES + 1)
    except OSError as error:
        raise CommandFailedError(f"{path}: cannot be read ({error.strerror})", EXIT_NO_INPUT) from error
