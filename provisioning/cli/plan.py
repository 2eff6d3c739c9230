"""Tell what apply would change, and touch nothing."""

from __future__ import annotations

import argparse

from provisioning import engine
from provisioning.board import CHOICES
from provisioning.cli._answer import (
    EXIT_NO,
    Outcome,
    add_common,
    finding_fields,
    finding_line,
    line_of,
    result_fields,
    say,
)
from provisioning.cli._source import add_source, source_of, visit_of
from provisioning.host import Host
from provisioning.preflight import look_at_wiring, look_over
from provisioning.step import Condition
from provisioning.steps.order import set_up
from terminal.counts import count_of
from terminal.findings import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_source(parser, CHOICES)
    add_common(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell every step; 1 if something would hinder it."""
    return say(arguments, lambda: tell_plan(arguments))


def tell_plan(arguments: argparse.Namespace) -> Outcome:
    """What `apply` would do with these options."""
    host = Host(arguments.root)
    source = source_of(arguments, host)
    visit = visit_of(source, host, read_only_root=arguments.read_only_root)
    enrolment = source.outstanding()
    findings = [*look_over(host), *look_at_wiring(host, visit.board, visit.needed_config())]
    results = engine.plan(visit, set_up())
    changes = sum(len(one.state.changes) for one in results) + len(enrolment)
    hindered = [one for one in results if one.state.condition is Condition.CANNOT]
    wrong = [one for one in findings if one.verdict is Verdict.ERROR]
    total = f"{count_of(changes, 'change')}, nothing was touched"
    lines = [*map(finding_line, findings), *map(line_of, results), *map(_bundle_line, enrolment), total]
    fields = {
        "board": visit.board.name,
        "changes": changes,
        "enrolment": enrolment,
        "findings": finding_fields(findings),
        "steps": result_fields(results),
    }
    return (EXIT_NO if hindered or wrong else 0), "\n".join(lines), fields


def _bundle_line(change: str) -> str:
    return f"to do       enrolment       by the bundle: {change}"
