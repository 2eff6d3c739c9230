"""Run the gate process until it is told to stop (SIGTERM or SIGINT)."""

from __future__ import annotations

import gc
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.ports import DriverError
from terminal.check import load_config
from terminal.config import ConfigError
from terminal.gate import Gate, real_outside
from terminal.stores.files import StoreBusyError

if TYPE_CHECKING:
    import argparse  # not loaded at a gate's start

EXIT_CONFIG = 78
"""EX_CONFIG (sysexits.h): the service manager shows it as a configuration error."""
EXIT_BUSY = 75
"""EX_TEMPFAIL: another gate process runs on this state directory."""
EXIT_HARDWARE = 69
"""EX_UNAVAILABLE: a GPIO line or its backend cannot be had."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gatehouse/gate.toml"), help="the gate's TOML file"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve taps; returns when told to stop."""
    return serve(arguments.config)


def serve(path: str | Path) -> int:
    """Run the gate of the configuration at ``path``; returns its exit code when told to stop."""
    try:
        config = load_config(Path(path))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    try:
        gate = Gate(config, real_outside())
    except StoreBusyError as error:
        print(error, file=sys.stderr)
        return EXIT_BUSY
    except DriverError as error:
        print(f"{config.path}: {error}", file=sys.stderr)
        return EXIT_HARDWARE
    try:
        with closing(gate):  # whatever fails on the way, the lines end undriven
            gate.heed_signals()
            begin(gate)
            gate.run()
    except DriverError as error:  # readers are reported and retried; without its lines there is no gate
        print(f"{config.path}: {error}", file=sys.stderr)
        return EXIT_HARDWARE
    return 0


def begin(gate: Gate) -> None:
    """Serve taps, then load what no tap needs."""
    gate.start()
    serve_commands(gate)
    gate.watch_list()
    # What is there now lives as long as the gate: no collection ever walks it while a person waits.
    gc.freeze()
    gc.enable()


def serve_commands(gate: Gate) -> None:
    """Open the command socket; after READY, for no tap needs it."""
    from terminal.commands import Commands  # noqa: PLC0415 - loaded after READY, see docs/performance.md
    from terminal.control import ControlServer  # noqa: PLC0415

    commands = Commands(gate)
    try:
        server = ControlServer(gate.config.control_socket, gate.loop, commands.handle)
    except OSError as error:
        # The gate serves taps without it; status in the journal and the service tell.
        gate.service.status(f"{gate.status_line()}; no command socket: {error}")
        return
    gate.on_close.append(server.close)
