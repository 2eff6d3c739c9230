"""Run the sync process: the way to the office, beside the gate process."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from sync.gate_key import GateKeyError
from terminal import clock
from terminal.agent.links import link_maker
from terminal.agent.process import AgentProcess, Outside
from terminal.check import load_config
from terminal.cli._answer import DEFAULT_CONFIG, EXIT_BUSY, EXIT_CONFIG, EXIT_IO
from terminal.config import Config, ConfigError
from terminal.notify import ServiceManager
from terminal.stores.errors import StoreError
from terminal.stores.files import StoreBusyError
from terminal.version import SOFTWARE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help="the gate's TOML file")


def run(arguments: argparse.Namespace) -> int:
    """Keep the link; returns when told to stop."""
    try:
        config = load_config(arguments.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    try:
        asyncio.run(_serve(config))
    except StoreBusyError as error:
        print(error, file=sys.stderr)
        return EXIT_BUSY
    except (StoreError, GateKeyError) as error:
        print(error, file=sys.stderr)
        return EXIT_IO
    return 0


async def _serve(config: Config) -> None:
    outside = Outside(clock.read, clock.boot_id(), os.urandom, SOFTWARE)
    process = AgentProcess(config, outside, ServiceManager(os.environ), link_maker(config.link, os.urandom))
    _stop_at_signals(process, (signal.SIGTERM, signal.SIGINT))
    await process.run()


def _stop_at_signals(process: AgentProcess, signals: tuple[int, ...]) -> None:
    """Let these signals end the process in order."""
    loop = asyncio.get_running_loop()
    for number in signals:
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, process.stop)
