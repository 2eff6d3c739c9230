"""Take back what apply changed; the gate's state stays unless it is purged."""

from __future__ import annotations

import argparse

from provisioning import engine
from provisioning.cli._answer import Outcome, add_common, line_of, say, show
from provisioning.errors import RefusedError
from provisioning.host import Host
from provisioning.preflight import look_over
from provisioning.step import Step
from provisioning.steps.order import set_up
from provisioning.visit import Visit
from provisioning.visits import visit_to_take_back
from terminal.counts import count_of
from terminal.findings import Verdict

PACKAGE_MARK = "/usr/lib/systemd/system/gate.target"
NOT_IN_THE_WAY = frozenset({"program", "system", "space"})
"""What the set-up needs and taking it back does not."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--purge",
        action="store_true",
        help="remove state and configuration, too: permission list, usage log, keys",
    )
    add_common(parser, dry_run="tell what would be taken back, and touch nothing")


def run(arguments: argparse.Namespace) -> int:
    """Take it back; 0 also where there was nothing."""
    return say(arguments, lambda: _uninstall(arguments))


def _uninstall(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    visit = visit_to_take_back(host)
    steps = set_up()
    if arguments.dry_run:
        return _would(visit, steps, purge=arguments.purge)
    in_the_way = [
        f"{one.what}: {one.text}"
        for one in look_over(host)
        if one.verdict is Verdict.ERROR and one.what not in NOT_IN_THE_WAY
    ]
    if in_the_way:
        raise RefusedError(in_the_way)
    try:
        progress = engine.silent if arguments.json else lambda result: show(line_of(result))
        stays = engine.undo(visit, steps, progress, purge=arguments.purge)
        if arguments.purge:
            visit.journal.remove()
    finally:
        visit.journal.close()
    words = ["all is as it was before" if arguments.purge else "the gate's state stays; --purge removes it"]
    if host.exists(PACKAGE_MARK):
        words.append("the package stays: apt remove gatehouse-gate")
    return 0, "\n".join([*stays, *words]), {"stays": stays}


def _would(visit: Visit, steps: tuple[Step, ...], *, purge: bool) -> Outcome:
    names = [one.name for one in steps if purge or not one.holds_state]
    changes = [one for one in reversed(visit.journal.record.changes) if one.step in names]
    lines = [f"would put back {visit.host.path(one.path)}" for one in changes]
    fields = {
        "would_put_back": [one.path for one in changes],
        "unfinished": list(visit.journal.record.unfinished),
    }
    return 0, "\n".join([*lines, f"{count_of(len(changes), 'path')}, nothing was touched"]), fields
