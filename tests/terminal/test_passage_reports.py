"""Core may not import the log's format, so their names are compared here."""

from __future__ import annotations

from sync.events import EventKind
from terminal.core.passage import PassageReport


def test_every_report_of_a_passage_is_an_event_of_the_log() -> None:
    known = {kind.name for kind in EventKind}
    assert {kind.name for kind in PassageReport} <= known


def test_every_door_and_barrier_event_of_the_log_can_come_from_a_passage() -> None:
    from_passages = {kind.name for kind in PassageReport}
    named = {kind.name for kind in EventKind if kind.name.startswith(("DOOR_", "BARRIER_"))}
    assert named <= from_passages
