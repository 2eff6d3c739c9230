"""Leave every output line undriven, whatever a gate that was killed left behind; for the service manager."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.ports import DriverError
from drivers.registry import find_gpio, find_gpio_release
from terminal.cli._answer import (
    EXIT_BUSY,
    EXIT_UNAVAILABLE,
    Answer,
    CommandFailedError,
    add_config,
    say,
)
from terminal.config import Config
from terminal.config_file import read_config
from terminal.lines import output_lines
from terminal.stores.errors import StoreError
from terminal.stores.files import StoreBusyError, WriterLock
from terminal.stores.usage_opening import LOCK_NAME


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--force",
        action="store_true",
        help="although a gate process runs: one that hangs and cannot be ended",
    )
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Release the lines; 75 while a gate runs, 69 when a line may still be driven."""
    # Read, not judged: a configuration that no gate would start with still names its lines.
    return say(arguments, lambda: _release(read_config(arguments.config), force=arguments.force))


def _release(config: Config, *, force: bool) -> Answer:
    lines = [one.line for _, one in output_lines(config)]
    with _no_gate(config, force=force):
        try:
            settings = find_gpio(config.gpio_kind).settings(
                config.gpio_options, where=f"{config.path}: [gpio]"
            )
            find_gpio_release(config.gpio_kind)(settings, lines, force)
        except DriverError as error:
            raise CommandFailedError(str(error), EXIT_UNAVAILABLE) from error
    return Answer({"released": lines}, f"undriven now: {', '.join(lines)}")


@contextmanager
def _no_gate(config: Config, *, force: bool) -> Iterator[None]:
    """Hold the gate's own lock, so that none starts meanwhile; a lock that cannot be made is no reason to
    leave a relay on, and the backend guards the lines besides.
    """
    lock = None
    try:
        lock = WriterLock(config.terminal_dir / LOCK_NAME)
    except StoreBusyError as error:
        if not force:
            raise CommandFailedError(
                "a gate runs and drives its lines; stop it, or say --force if it hangs", EXIT_BUSY
            ) from error
    except StoreError:
        pass
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
