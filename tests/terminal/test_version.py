"""Gate and office call themselves what the project is called."""

from __future__ import annotations

from pathlib import Path

from office.hub.run_cli import SOFTWARE as OFFICE
from scripts.debian.source import version_of
from terminal.version import SOFTWARE as GATE

VERSION = version_of(Path(__file__).parents[2])


def test_gate_and_office_tell_each_other_the_version_of_the_project() -> None:
    # A package of another version says that one: tests/scripts/test_debian.py.
    assert {GATE, OFFICE} == {f"gatehouse {VERSION}", f"gatehouse-office {VERSION}"}
