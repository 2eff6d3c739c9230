"""Set this machine up as a gate; a second run changes nothing, an interrupted one goes on."""

from __future__ import annotations

import argparse

from provisioning import engine
from provisioning.board import CHOICES
from provisioning.cli._answer import (
    Outcome,
    add_common,
    finding_fields,
    finding_line,
    line_of,
    result_fields,
    say,
    show,
)
from provisioning.cli._source import add_source, source_or_talk, visit_of
from provisioning.cli.enrol import add_request_argument
from provisioning.cli.plan import tell_plan
from provisioning.engine import Result
from provisioning.host import Host
from provisioning.preflight import look_at_wiring, look_over, refuse_errors
from provisioning.step import Condition
from provisioning.steps import boot, read_only_root
from provisioning.steps.order import set_up
from provisioning.visit import Visit
from terminal.counts import count_of
from terminal.findings import Finding, Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_source(parser, CHOICES)
    add_request_argument(parser)
    add_common(parser, dry_run="tell what would be changed, as plan does, and touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Set up; 1 if it was refused before anything was touched, 69 if a step stopped."""
    return say(arguments, lambda: tell_plan(arguments) if arguments.dry_run else _apply(arguments))


def _apply(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    findings = _passed(arguments, look_over(host))
    source = source_or_talk(arguments, host)
    source.outstanding()  # a bundle that was used is refused before anything is touched
    visit = visit_of(source, host, read_only_root=arguments.read_only_root)
    wiring = _passed(arguments, look_at_wiring(host, visit.board, visit.needed_config()))
    progress = engine.silent if arguments.json else _tell
    *files, service = set_up()
    try:
        results = engine.apply(visit, files, progress)
        words, enrolment = source.enrol(arguments, host)
        results += engine.apply(visit, [service], progress)
    finally:
        visit.journal.close()
    changed = sum(len(one.state.changes) for one in results)
    reboot = host.live and _needs_reboot(results)
    fields = {
        "board": visit.board.name,
        "changes": changed,
        "reboot": reboot,
        "findings": finding_fields([*findings, *wiring]),
        "steps": result_fields(results),
        **enrolment,
    }
    return 0, "\n".join(filter(None, [words, _last_words(visit, changed, reboot=reboot)])), fields


def _passed(arguments: argparse.Namespace, findings: list[Finding]) -> list[Finding]:
    """Tell warnings, refuse errors."""
    for one in findings:
        if one.verdict is Verdict.WARNING and not arguments.json:
            show(finding_line(one))
    refuse_errors(findings)
    return findings


def _tell(result: Result) -> None:
    """A step is told when it ends, and before it begins where it may take its time."""
    if result.state.condition is not Condition.TO_DO:
        show(line_of(result))
    elif result.step == "service":
        show("…           service         waiting until the gate is ready")


def _needs_reboot(results: list[Result]) -> bool:
    files_of_boot = {boot.NAME, read_only_root.NAME}
    return any(one.step in files_of_boot and one.state.changes for one in results)


def _last_words(visit: Visit, changed: int, *, reboot: bool) -> str:
    told = count_of(changed, "change") if changed else "nothing was to be changed"
    name = visit.needed_config().gate.name
    if reboot:
        return f"{told}; reboot once, for boot files were changed: systemctl reboot"
    return f"{told}; {name} {'is in service' if visit.host.live else 'is in service from its first boot on'}"
