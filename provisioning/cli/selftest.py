"""Test every wire, reader and lamp of this gate with somebody at it, and sign what was found."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drivers.ports import DriverError
from provisioning.cli._answer import add_common, failed, may_be_cut_short
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.selftest.console import Console, TypedLines
from provisioning.selftest.gate_process import Services, Systemd, gate_kept_away
from provisioning.selftest.gate_time import in_maintenance, judged
from provisioning.selftest.machine import Machine
from provisioning.selftest.person import NO, YES, Asked, Person, Question, SelfTestError
from provisioning.selftest.place import config_of, refuse_absent, refuse_unseen
from provisioning.selftest.result import gate_key, outcome, write
from provisioning.selftest.sequence import QUIET, checks
from provisioning.selftest.simulated import SimulatedPerson
from provisioning.selftest.sync_client import SyncClient
from provisioning.selftest.visit import Pace, Visit
from provisioning.selftest.workbench import Wait, Workbench, inputs_of, outputs_of
from provisioning.signals import Kept, kept_signals
from sync.as_built import AsBuilt, Check, Result
from terminal import clock
from terminal.agent.local_socket import socket_path
from terminal.config import Config, ConfigError
from terminal.stores.errors import StoreError

# sysexits.h, and 128 + the signal as a shell tells it.
EXIT_FAILED: Final = 1
EXIT_UNAVAILABLE: Final = 69
EXIT_IO: Final = 74
EXIT_CONFIG: Final = 78
EXIT_STOPPED: Final = 130
SIMULATED_PACE: Final = Pace(click_s=0.06, act_within_s=0.5, health_within_s=2.0)
STOP: Final = Question(
    Asked.STOP_GATE,
    "the gate",
    "The gate is in service. May it be stopped for the test? Nobody gets in by card meanwhile.",
    (YES, NO),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--config", type=Path, help="the gate's TOML file (default: the machine's own)")
    parser.add_argument(
        "--non-interactive",
        action="store_true",
        help="ask nobody: on simulated hardware alone, where the answers follow from looking",
    )
    parser.add_argument("--stop-gate", action="store_true", help="stop a gate in service without asking")
    parser.add_argument(
        "--out", type=Path, help="folder for as-built.json and as-built.txt (default: the state's)"
    )
    add_common(parser, dry_run="only tell what would be tried; touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """0 if nothing failed, 1 if something did, 69 if the test could not be made, 130 if it was stopped."""
    try:
        with kept_signals() as signals:
            return _run(arguments, signals)
    except ConfigError as error:
        return failed(arguments, str(error), EXIT_CONFIG)
    except (SelfTestError, DriverError, ProvisioningError) as error:
        return failed(arguments, str(error), EXIT_UNAVAILABLE)
    except StoreError as error:
        return failed(arguments, str(error), EXIT_IO)
    except KeyboardInterrupt:  # a signal: through every `finally`
        return failed(arguments, "stopped: every line is undriven, and no outcome was written", EXIT_STOPPED)


def _run(arguments: argparse.Namespace, signals: Kept) -> int:
    host = Host(arguments.root)
    config = config_of(host, arguments.config)
    refuse_absent(config, host)
    if arguments.non_interactive:
        refuse_unseen(config)
    if arguments.dry_run:
        return _plan(arguments, config)
    key = gate_key(config)  # before an hour's work that could not be signed
    # With --json the output is the answer's alone.
    talk = sys.stderr if arguments.json else sys.stdout
    simulated = SimulatedPerson(config, lambda _text: None) if arguments.non_interactive else None
    person: Person = simulated or Console(TypedLines(sys.stdin, signals.wait), talk)

    def may_stop() -> Services | None:
        if not host.live:  # this machine's gate is another one
            raise SelfTestError(f"{host.root}: this gate's lock is held; end whatever holds it")
        agreed = arguments.stop_gate or (simulated is None and person.ask(STOP) == YES)
        return Systemd() if agreed else None

    with gate_kept_away(config, may_stop):
        told = _ignore if arguments.json else _print
        built = _test(config, Machine(host.root), person, simulated, told, signals.wait)
        # Before the gate is let back: if it does not start, the work is not lost.
        path = write(arguments.out or Path(config.gate.state_dir), built, key)
    return _told(arguments, built, path)


def _test(
    config: Config,
    machine: Machine,
    person: Person,
    simulated: SimulatedPerson | None,
    tell: Callable[[Check], None],
    wait: Wait,
) -> AsBuilt:
    """The whole test; ``simulated`` is the same person, where it is one who only plays a part."""
    boot = clock.boot_id()
    maintenance = in_maintenance(config, boot, clock.read())
    watching = wait if simulated is None else simulated.watching(wait)
    found = []
    with Workbench(config, clock.monotonic, watching) as bench:
        if simulated is not None:
            simulated.stand_at(bench)
        visit = Visit(
            config,
            bench,
            person,
            machine,
            judged(config, boot, clock.read()),
            SyncClient(socket_path(config), wait),
            clock.monotonic,
            Pace() if simulated is None else SIMULATED_PACE,
        )
        for check in checks(visit):
            found.append(check)
            tell(check)
    now = judged(config, boot, clock.read())
    is_simulated = _is_simulated(config)
    return outcome(config, machine, now, found, maintenance=maintenance, simulated=is_simulated)


def _print(check: Check) -> None:
    print(f"{check.result.value:<8} {check.name}: {check.text}", flush=True)


def _ignore(_check: Check) -> None:
    """With --json everything is told at the end."""


def _plan(arguments: argparse.Namespace, config: Config) -> int:
    """What a test would try, by the configuration."""
    lines = [name for name, _ in (*outputs_of(config), *inputs_of(config))]
    tried = [*QUIET, *lines, *(f"readers.{name}" for name in config.readers)]
    if arguments.json:
        print(json.dumps({"ok": True, "would_try": tried}, ensure_ascii=False))
    else:
        with may_be_cut_short():
            print("\n".join(f"would try  {one}" for one in tried))
    return 0


def _told(arguments: argparse.Namespace, built: AsBuilt, path: Path) -> int:
    failures = built.count(Result.FAILED)
    counts = {one.value: built.count(one) for one in Result}
    if arguments.json:
        rows = [_row(one) for one in built.checks]
        print(
            json.dumps({"ok": not failures, "file": str(path), **counts, "checks": rows}, ensure_ascii=False)
        )
    else:
        told = ", ".join(f"{count} {word}" for word, count in counts.items())
        print(
            f"\n{told}; written and signed: {path}\n"
            f"bring it to the office: gatehouse-office hub as-built STORE {path.name}"
        )
    return EXIT_FAILED if failures else 0


def _row(check: Check) -> dict[str, str]:
    return {"name": check.name, "result": check.result.value, "text": check.text}


def _is_simulated(config: Config) -> bool:
    """Whether anything of the gate is: then the outcome is no proof of its wiring."""
    return config.gpio_kind == "sim" or any(one.settings.kind == "sim" for one in config.readers.values())
