"""One visit that sets a machine up, and what it leaves."""

from __future__ import annotations

from pathlib import Path

from provisioning import engine
from provisioning.engine import Result
from provisioning.journal import DIRECTORY
from provisioning.steps.order import set_up
from terminal.stores.files import Checkpoint, pass_by
from tests.support.machine import CONFIG, Snapshot, visit_to


def apply(root: Path, checkpoint: Checkpoint = pass_by, config: str = CONFIG) -> list[Result]:
    """One visit that sets the machine up."""
    visit = visit_to(root, checkpoint=checkpoint, config=config)
    try:
        return engine.apply(visit, set_up())
    finally:
        visit.journal.close()


def without_journal(found: Snapshot) -> Snapshot:
    """The journal itself differs by how often it was written."""
    return {path: what for path, what in found.items() if not path.startswith(DIRECTORY)}
