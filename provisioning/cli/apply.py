"""set this machine up as a gate; a second time changes nothing, an interrupted one goes on"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from provisioning import engine
from provisioning.board import CHOICES, Board, board_of, model_of, recognise
from provisioning.cli._answer import (
    Outcome,
    add_common,
    add_set_up,
    finding_fields,
    finding_line,
    line_of,
    result_fields,
    say,
    show,
)
from provisioning.cli.plan import tell_plan
from provisioning.engine import Result
from provisioning.host import Host
from provisioning.preflight import look_at_wiring, look_over, refuse_errors
from provisioning.questions import ask_for_config
from provisioning.step import Condition
from provisioning.steps import boot, read_only_root
from provisioning.steps.order import set_up
from provisioning.visit import Visit
from provisioning.visits import NoConfigurationError, config_text_of, visit_to_set_up
from terminal.findings import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_set_up(parser, CHOICES)
    add_common(parser, dry_run="tell what would be changed, as plan does, and touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Set up; 1 if it was refused before anything was touched, 69 if a step stopped."""
    return say(arguments, lambda: tell_plan(arguments) if arguments.dry_run else _apply(arguments))


def _apply(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    findings = look_over(host)
    if not arguments.json:
        for one in findings:
            if one.verdict is Verdict.WARNING:
                show(finding_line(one))
    refuse_errors(findings)
    visit = _visit(arguments, host)
    wiring = look_at_wiring(host, visit.board, visit.needed_config())
    refuse_errors(wiring)
    try:
        results = engine.apply(visit, set_up(), engine.silent if arguments.json else _tell)
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
    }
    return 0, _last_words(visit, changed, reboot=reboot), fields


def _visit(arguments: argparse.Namespace, host: Host) -> Visit:
    """By the file that was given, the machine's own, or a talk with whoever stands at the terminal."""
    board: str | None = arguments.board
    try:
        text, source = config_text_of(host, arguments.config)
    except NoConfigurationError:
        if arguments.json or not sys.stdin.isatty():
            raise
        outcome = ask_for_config(input, show, _known_board(host, board))
        board, text, source = outcome.board.name, outcome.config_text, Path("the answers")
    return visit_to_set_up(host, text, source, board=board, read_only_root=arguments.read_only_root)


def _known_board(host: Host, choice: str | None) -> Board | None:
    return board_of(choice) if choice else recognise(model_of(host))


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
    told = f"{changed} changes" if changed else "nothing was to be changed"
    name = visit.needed_config().gate.name
    if reboot:
        return f"{told}; reboot once, for boot files were changed: systemctl reboot"
    return f"{told}; {name} {'is in service' if visit.host.live else 'is in service from its first boot on'}"
