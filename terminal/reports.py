"""What doors, inputs and readers report of themselves, as events; fire is remembered with its event."""

from __future__ import annotations

from sync.events import EventKind
from terminal.config import InputKind
from terminal.core.passage import PassageReport, Report
from terminal.doors import DoorControl
from terminal.journal import Journal
from terminal.memory import Memory, fire_latch
from terminal.outcomes import Place
from terminal.stores.access_state import StateChange
from terminal.supervisor import Health

_KINDS = {one: EventKind[one.name] for one in PassageReport}
MAX_CAUSE = 120


class Reports:
    """Writes reports into the journal."""

    def __init__(self, memory: Memory, journal: Journal) -> None:
        self._memory = memory
        self._journal = journal

    def door(self, door: DoorControl, report: Report) -> None:
        """A door or barrier says what happened there."""
        change = StateChange()
        if report.kind is PassageReport.FIRE:
            change = StateChange(latches={fire_latch(door.door_id): b"1"})
        elif report.kind is PassageReport.FIRE_CLEARED:
            change = StateChange(latches={fire_latch(door.door_id): None})
        self._memory.take(change)
        self._journal.record(
            _KINDS[report.kind],
            door=door.door_id,
            grant_id=report.by,
            change=change,
            detail={} if report.input is None else {"input": report.input.value},
        )

    def input(self, name: str, kind: InputKind, active: bool) -> None:
        """A reporting input changed."""
        self._journal.record(
            EventKind.INPUT_CHANGED, detail={"input": name, "kind": kind.value, "active": int(active)}
        )

    def gpio(self, health: Health) -> None:
        """The lines cannot be read any more, or can again."""
        self._journal.record(
            EventKind.GPIO_UP if health.ok else EventKind.GPIO_DOWN,
            detail={} if health.ok else {"cause": health.cause[:MAX_CAUSE]},
        )

    def tamper(self, place: Place, active: bool) -> None:
        """A reader's housing was opened or torn off, or is closed again."""
        self._journal.record(
            EventKind.INPUT_CHANGED,
            reader=place.reader,
            door=place.door,
            detail={"input": place.name, "kind": InputKind.TAMPER.value, "active": int(active)},
        )

    def reader(self, place: Place, health: Health) -> None:
        """A reader died, came back, or is away for another cause."""
        self._journal.record(
            EventKind.READER_UP if health.ok else EventKind.READER_DOWN,
            reader=place.reader,
            door=place.door,
            detail={} if health.ok else {"cause": health.cause[:MAX_CAUSE]},
        )
