"""Look at everything and name the cures: system, disk, steps, services, readers, clock, supply."""

from __future__ import annotations

import argparse
from collections import Counter

from provisioning import engine
from provisioning.board import CHOICES
from provisioning.cli._answer import (
    EXIT_NO,
    Outcome,
    add_common,
    finding_fields,
    finding_line,
    say,
)
from provisioning.engine import Result
from provisioning.health import look_after
from provisioning.host import Host
from provisioning.journal import Journal
from provisioning.preflight import look_at_wiring, look_over
from provisioning.step import Condition
from provisioning.steps import read_only_root
from provisioning.steps.order import set_up
from provisioning.visits import NoConfigurationError, config_text_of, visit_to_set_up
from terminal.config import ConfigError
from terminal.counts import count_of
from terminal.findings import Finding, Verdict, ok, wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--board", choices=CHOICES, help="which computer this is, where it does not tell")
    add_common(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look; 1 if something the gate needs is not as it must be. Nothing is touched."""
    return say(arguments, lambda: _look(arguments))


def _look(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    read_only = bool(Journal(host).changes_of(read_only_root.NAME))
    findings = look_over(host, may_be_read_only=read_only)
    try:
        text, source = config_text_of(host, None)
        visit = visit_to_set_up(host, text, source, board=arguments.board)
    except (NoConfigurationError, ConfigError) as error:
        findings += [
            *(wrong("configuration", one) for one in str(error).splitlines()),
            *look_after(host, None),
        ]
    else:
        config = visit.needed_config()
        findings += look_at_wiring(host, visit.board, config)
        findings += map(_finding, engine.verify(visit, set_up()))
        findings += look_after(host, config)
        findings += _interrupted(visit.journal.record.unfinished)
    counts = Counter(one.verdict for one in findings)
    fields = {
        "errors": counts[Verdict.ERROR],
        "warnings": counts[Verdict.WARNING],
        "findings": finding_fields(findings),
    }
    total = f"{count_of(counts[Verdict.ERROR], 'error')}, {count_of(counts[Verdict.WARNING], 'warning')}"
    return (EXIT_NO if counts[Verdict.ERROR] else 0), "\n".join([*map(finding_line, findings), total]), fields


def _finding(result: Result) -> Finding:
    state = result.state
    if state.at_rest:
        return ok(result.step, f"{result.title}: {state.reason}")
    if state.condition is Condition.TO_DO:
        return wrong(result.step, f"{'; '.join(state.changes)}: gatehouse-provision apply does it")
    return wrong(result.step, state.reason)


def _interrupted(unfinished: tuple[str, ...]) -> list[Finding]:
    if not unfinished:
        return []
    return [
        wrong(
            "journal",
            f"a visit was interrupted at {', '.join(unfinished)}: gatehouse-provision apply goes on",
        )
    ]
