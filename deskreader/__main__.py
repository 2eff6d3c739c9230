"""`gatehouse-desk-reader`: a card at this PC's reader goes to the office's page in this PC's browser.

pair [--new]             show the code that the desk's page asks for once; --new makes another one
run --office ORIGIN      serve the office's page until SIGTERM, SIGINT or Ctrl-C
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deskreader.errors import DeskReaderError
from deskreader.pairing import make_code, read_code, write_code
from deskreader.server import Server, Settings
from deskreader.taps import Taps, told_of
from drivers.ports import DriverError, HealthChanged, ReaderEvent
from drivers.readers.pcsc import CardWatch, load_scard
from drivers.readers.pcsc import Settings as ReaderSettings

DEFAULT_PORT: Final = 7317
STOP_WITHIN_S: Final = 2.0
"""The reader's thread looks up twice a second; one that hangs in a frozen service is left behind."""
_ORIGIN: Final = re.compile(
    r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (DeskReaderError, DriverError) as error:
        sys.stderr.write(f"desk reader: {error}\n")
        return 1


def default_code_file(environment: os._Environ[str] | dict[str, str] = os.environ) -> Path:
    """Where this user's code lies unless told otherwise."""
    if "LOCALAPPDATA" in environment:
        return Path(environment["LOCALAPPDATA"]) / "Gatehouse" / "desk-reader.code"
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gatehouse/desk-reader.code"


def _pair(options: argparse.Namespace) -> int:
    if options.new or not options.code_file.exists():
        write_code(options.code_file, make_code(secrets.token_bytes))
    code = read_code(options.code_file)
    sys.stdout.write("-".join(code[at : at + 4] for at in range(0, len(code), 4)) + "\n")
    return 0


def _run(options: argparse.Namespace) -> int:
    if _ORIGIN.fullmatch(options.office) is None:
        raise DeskReaderError(
            f"--office {options.office}: give the desk's address as the browser shows it, up to the host:"
            " https://desk.example.org"
        )
    if not options.code_file.exists():
        write_code(options.code_file, make_code(secrets.token_bytes))
        sys.stderr.write("desk reader: a code was made; show it with: pair\n")
    settings = Settings(options.office, options.port, read_code(options.code_file))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, ReaderSettings(options.reader, options.serial)))
    return 0


async def _serve(settings: Settings, reader: ReaderSettings) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C alone, as KeyboardInterrupt
            loop.add_signal_handler(number, stopped.set)
    taps, stop = Taps(), threading.Event()

    def put(event: ReaderEvent) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(_take, taps, event)

    server = Server(settings, taps, time.monotonic, secrets.token_bytes)
    await server.open()
    notifies = sys.platform != "darwin"  # macOS has no pseudo-reader that tells of readers
    watch = CardWatch(reader, time.monotonic, load_scard(), put, stop, notifies=notifies)
    thread = threading.Thread(target=watch.run, name="desk reader", daemon=True)
    thread.start()
    sys.stderr.write(f"desk reader: for {settings.origin}, at http://127.0.0.1:{settings.port}\n")
    try:
        await stopped.wait()
    finally:
        stop.set()
        await server.close()
        await asyncio.to_thread(thread.join, STOP_WITHIN_S)


def _take(taps: Taps, event: ReaderEvent) -> None:
    # Said on the screen is how the reader is, never what it read.
    if isinstance(event, HealthChanged) and (told := told_of(event)) is not None:
        sys.stderr.write(f"desk reader: {told.state}{f': {told.cause}' if told.cause else ''}\n")
    taps.on_event(event)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="gatehouse-desk-reader", description="Tap-to-fill at a clerk's PC.")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    pair = commands.add_parser("pair", help="show the code that the desk's page asks for once")
    pair.add_argument("--new", action="store_true", help="make another one: browsers are paired anew")
    run = commands.add_parser("run", help="serve the office's page")
    run.add_argument("--office", required=True, metavar="ORIGIN", help="https://desk.example.org")
    run.add_argument("--port", type=_port, default=DEFAULT_PORT, help=f"default: {DEFAULT_PORT}")
    run.add_argument("--reader", default="", help="start of the reader's name, if there are several")
    run.add_argument("--serial", default="", help="its serial number, if the names are equal")
    for command, function in ((pair, _pair), (run, _run)):
        command.add_argument(
            "--code-file", type=Path, default=default_code_file(), help="where the code lies"
        )
        command.set_defaults(run=function)
    return made


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1024 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
