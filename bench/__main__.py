"""``python -m bench [NAME ...] [--json FILE] [--quick]``: what this machine reaches, beside the bounds.

Exit code 1 when a bound was missed. docs/performance.md explains each figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bench.conditions import Conditions, cpu_times
from bench.figures import Figure, table
from bench.rig import Workshop

BENCHES: Final = {
    "decision": "look-up and decision of one tap",
    "tap": "reader event to relay command in a running gate",
    "startup": "process start to READY",
    "memory": "resident size of the gate process, and of the sync process applying lists",
    "log": "commit latency, bytes and flushes an event",
    "list": "applying snapshots and deltas, and their size",
    "tls": "handshakes, whole and resumed",
    "push": "a thousand gates on one hub: revocations and whole lists",
    "serial": "a full list to one of eight gates at 9600 baud",
    "serial_session": "lists and revocations at 9600 baud, from the office's store to the gate's decision",
    "drivers": "readers: from the wire to the credential, recovery, wear, noise, an idle gate",
    "desk": "the office's desk: pages, find-anything, lost reports, import, statistics",
    "hub": "the office's work: storing events, signing revocations and whole lists",
    "events": "usage events at the desk: projecting them, finding some among two millions",
}
"""Each is a module of this package with ``measure(workshop)``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the process's exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if unknown := sorted(set(arguments.names) - set(BENCHES)):
        parser.error(f"no such bench: {', '.join(unknown)} (there are: {', '.join(BENCHES)})")
    found: dict[str, list[Figure]] = {}
    conditions: dict[str, Conditions] = {}
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-", dir=arguments.directory) as directory:
        workshop = Workshop(Path(directory), quick=arguments.quick)
        for name in arguments.names or BENCHES:
            before = cpu_times()
            found[name] = import_module(f"bench.{name}").measure(workshop)
            conditions[name] = Conditions.since(before)
            print(table(name, found[name]), flush=True)
            print(f"  {conditions[name]}", flush=True)
    print(f"\n{_machine()}")
    if arguments.json is not None:
        document = _document(found, conditions, quick=arguments.quick)
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    missed = [one.name for figures in found.values() for one in figures if one.ok is False]
    return 1 if missed and not arguments.quick else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    parser.add_argument("--quick", action="store_true", help="tiny loads, to see that the benches work")
    parser.add_argument("--directory", type=Path, help="where to work (the disk that is measured)")
    return parser


def _document(
    found: dict[str, list[Figure]], conditions: dict[str, Conditions], *, quick: bool
) -> dict[str, Any]:
    return {
        "machine": _machine(),
        "quick": quick,
        "benches": {
            name: {
                "load": conditions[name].load,
                "stolen_percent": conditions[name].stolen_percent,
                "figures": [one.fields() for one in figures],
            }
            for name, figures in found.items()
        },
    }


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
