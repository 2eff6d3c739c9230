"""``python -m terminal COMMAND``: the gate process and everything said to it.

Only the chosen command is imported: the gate must be ready before anything else loads.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "gate": "run the gate process",
    "sync": "run the sync process: the way to the office",
    "check": "judge configuration, devices and state before a gate starts",
    "status": "show the state of the running gate",
    "log": "show usage events",
    "explain": "tell whether a card would open a door, and why",
    "list": "apply, inspect or verify a permission list",
    "floor": "lower the time floor by a file that the root signed",
    "open": "open a door remotely, with operator and reason",
    "mode": "put a door into normal, free or lockdown mode",
    "refuse": "refuse the tap that waits for a second card",
    "book": "book a release slip to a guard's own opening",
    "forgive": "forget who is inside, so that anti-passback refuses nobody",
    "fire-reset": "end a fire release that waits for its reset",
    "restart-reader": "close a reader and open it anew",
    "maintenance": "show whether maintenance mode is open, or end it",
    "page": "open the status page for a technician's phone, or show it as text",
    "release": "leave every output undriven after a gate has ended, however it did",
    "tap": "hold a card to a simulated reader",
}
EXIT_USAGE: Final = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in COMMANDS:
        return _help(arguments)
    name, *rest = arguments
    if name == "gate":
        # Whatever a start makes stays: nothing to collect before READY (`terminal.cli.gate` turns it on).
        gc.disable()
        if rest[:1] == ["--config"] and len(rest) == 2:  # as the service says it: READY before argparse loads
            from terminal.cli.gate import serve  # noqa: PLC0415

            return serve(rest[1])
    return _run(name, rest)


def _run(name: str, rest: list[str]) -> int:
    import argparse  # noqa: PLC0415 - a tenth of the gate's start

    module = import_module(f"terminal.cli.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"gatehouse-terminal {name}", description=module.__doc__)
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(rest))
    return code


def _help(arguments: list[str]) -> int:
    wants_help = arguments[:1] in (["-h"], ["--help"])
    out = sys.stdout if wants_help else sys.stderr
    print("usage: gatehouse-terminal COMMAND [options]   (COMMAND --help tells more)\n", file=out)
    for name, help_text in COMMANDS.items():
        print(f"  {name:<15} {help_text}", file=out)
    if arguments and not wants_help:
        print(f"\nno such command: {arguments[0]}", file=out)
    return 0 if wants_help else EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
