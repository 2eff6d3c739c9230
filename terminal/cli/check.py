"""Judge configuration, devices and state before a gate starts, or beside one that runs."""

from __future__ import annotations

import argparse
from collections import Counter

from terminal import clock
from terminal.check_devices import check_devices
from terminal.check_state import check_clock, check_directories, check_list, check_log
from terminal.cli._answer import EXIT_NO, Answer, CommandFailedError, Fields, add_config, answer
from terminal.cli._connection import Connection, NoGateError
from terminal.cli._gate_time import time_keeper
from terminal.config import Config
from terminal.counts import count_of
from terminal.findings import Finding, Verdict, ok, warning, wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check everything; 1 when something the gate needs does not work, 78 for the configuration itself."""
    return answer(arguments, _check)


def _check(config: Config) -> Answer:
    keeper, anchor_fault = time_keeper(config)
    found = [
        ok(
            str(config.path),
            f"{count_of(len(config.doors), 'door')}, {count_of(len(config.readers), 'reader')}",
        ),
        *_devices(config),
        *check_directories(config),
        *check_list(config),
        *check_clock(keeper.judge(clock.read()), anchor_fault),
        *check_log(config),
    ]
    counts = Counter(one.verdict for one in found)
    fields: Fields = {
        "errors": counts[Verdict.ERROR],
        "warnings": counts[Verdict.WARNING],
        "findings": [{"what": one.what, "verdict": one.verdict.value, "text": one.text} for one in found],
    }
    total = f"{count_of(counts[Verdict.ERROR], 'error')}, {count_of(counts[Verdict.WARNING], 'warning')}"
    return Answer(fields, "\n".join([*map(_line, found), total]), EXIT_NO if counts[Verdict.ERROR] else 0)


def _devices(config: Config) -> list[Finding]:
    """Tried by ourselves, or as the running gate, which holds them, tells."""
    try:
        with Connection(config.control_socket) as gate:
            status = gate.ask({"command": "status"})
    except NoGateError:
        return check_devices(config, clock.monotonic)
    except CommandFailedError as error:
        return [warning("gate", f"{error}; devices were not tried, for a gate may hold them")]
    readers = [
        ok(f"readers.{name}", "works") if one["ok"] else wrong(f"readers.{name}", one["cause"])
        for name, one in status["readers"].items()
    ]
    gpio = status["gpio"]
    lines = ok("gpio", "works") if gpio["ok"] else wrong("gpio", gpio["cause"])
    return [ok("gate", f"runs and holds its lines: {status['status']}"), lines, *readers]


def _line(finding: Finding) -> str:
    return f"{finding.verdict.value:<8} {finding.what}: {finding.text}"
