"""The gate process: everything is made, wired and started here, and ended here.

Order of a start: clock, lines, log, list, doors (fire before all else), readers; then
READY; then what a tap does not need (command socket, list verification). Order of an
end: outputs undriven, readers closed, log written.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from msgspec import Struct

from drivers.indicator import Signal
from sync.events import Detail, Event, EventKind
from sync.records import ClockState, Reason
from terminal import clock
from terminal.blink import Blink
from terminal.clock import Judged, TimeKeeper
from terminal.config import Config
from terminal.counts import count_of
from terminal.floor import Floor
from terminal.hardware import Hardware
from terminal.journal import Journal, stamped
from terminal.log_service import LogService, LogSources
from terminal.loop import Loop
from terminal.maintenance import Maintenance
from terminal.memory import Memory, fire_latch
from terminal.modes import DoorModes
from terminal.notify import ServiceManager
from terminal.outcomes import Outcomes, Place
from terminal.own_lamps import OwnLamps
from terminal.permissions import ListReport, Permissions
from terminal.readers import Supervisors
from terminal.reports import Reports
from terminal.stores.confirmation import load_confirmation
from terminal.stores.list_index import ListIndex
from terminal.stores.time_anchor import believed_time
from terminal.taps import Taps
from terminal.watch import Watch

TICK_S = 10.0
"""How often clock, anchor and list are looked at when nothing else asks."""


class Outside(Struct, frozen=True):
    """What the gate is given from outside its own state, so that tests can give other things."""

    boot: bytes
    read_clock: Callable[[], clock.Reading]
    environment: Mapping[str, str]
    random_bytes: Callable[[int], bytes]
    jitter: Callable[[], float]


def real_outside() -> Outside:
    """The machine this runs on."""
    return Outside(clock.boot_id(), clock.read, os.environ, os.urandom, lambda: os.urandom(1)[0] / 255)


class Gate:
    """One running gate. Each of ``followers`` hears of every stored event, with its number."""

    def __init__(self, config: Config, outside: Outside) -> None:
        self.config = config
        self._outside = outside
        self.service = ServiceManager(outside.environment)
        self.loop = Loop(lambda: outside.read_clock().monotonic, self._turned)
        self.followers: list[Callable[[int, Event], None]] = []
        self.on_close: list[Callable[[], None]] = []
        self._closed = False
        self._watchdog_due = 0.0
        self._status = ""
        saved = believed_time(config.sync_dir)
        self.keeper = TimeKeeper(outside.boot, floor=saved.floor, anchor=saved.anchor)
        self.memory = Memory(outside.boot)
        self.log = LogService(config, self.loop, self.memory, self._log_sources(), self._log_came_late)
        self.journal = Journal(outside.boot, self.judge, self.log, self.loop.post, self._stored, self._marks)
        self.maintenance = Maintenance(
            boot=outside.boot, clock=self.judge, memory=self.memory, journal=self.journal, loop=self.loop
        )
        self.reports = Reports(self.memory, self.journal)
        # Lines first: outputs are undriven from here on, and without its lines there is no gate.
        self.own_lamps = OwnLamps(config, lambda name: self.readers[name].reader)
        self.hardware = self._wire_hardware()
        self.log.open()
        self.floor = Floor(self.keeper, self.memory, saved.lowered)
        self.floor.recall()
        # From here on each part uses those above it.
        self.permissions = self._wire_permissions()
        self.modes = self._wire_modes()
        self.outcomes = self._wire_outcomes()
        self.blink = Blink(self.loop, config.rhythms, self._signal)
        self.taps = self._wire_taps()
        self.watch = self._wire_watch()
        supervisors = self._wire_supervisors()
        self.readers = {name: supervisors.make(name) for name in config.readers}

    def judge(self) -> Judged:
        """What time it is, and how sure that is."""
        return self.keeper.judge(self._outside.read_clock())

    def start(self) -> None:
        """Serve taps. Raises nothing for a missing reader, list or disk: those are reported and retried."""
        self.journal.record(EventKind.STARTED, detail={"gate": self.config.gate.name})
        self.maintenance.recall()
        self.permissions.refresh()
        self.hardware.start(was_released=self._was_released_by_fire, modes=self.modes.first)
        self.modes.refresh()
        for supervisor in self.readers.values():
            supervisor.start()
        self.loop.call_at(self.loop.monotonic() + TICK_S, self._tick)
        self._status = self.status_line()
        self.service.ready(self._status)

    def watch_list(self) -> None:
        """Have the list in force checked whole, outside this process, from time to time; after READY."""
        from terminal.list_check import ListCheck  # noqa: PLC0415 - loaded after READY

        check = ListCheck(self.config.sync_dir, self.loop, self.permissions.distrust)
        self.on_close.append(check.close)

    def heed_signals(self) -> None:
        """Let SIGTERM and SIGINT end ``run``, also when they come before it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.loop.stop())

    def run(self) -> None:
        """Turn until ``loop.stop``, then end cleanly."""
        try:
            self.loop.run()
        finally:
            self.close()

    def close(self) -> None:
        """End: outputs undriven first, then readers, then the log. May be called twice."""
        if self._closed:
            return
        self._closed = True
        steps = [
            self.hardware.close,
            self.service.stopping,
            *[one.close for one in self.readers.values()],
            self.taps.close,
            lambda: self.journal.record(EventKind.STOPPED),
            self.log.close,
            self.permissions.close,
            *self.on_close,
            self.loop.close,
        ]
        with ExitStack() as stack:  # every step is taken, whichever fails
            for step in reversed(steps):
                stack.callback(step)

    def status_line(self) -> str:
        """The gate in one line, for ``systemctl status``."""
        state = self.permissions.state
        listed = "no permission list" if state is None else f"list {state.head.version}"
        if self.watch.list_is_old:
            listed += " (old)"
        away = [name for name, one in self.readers.items() if not one.health.ok]
        readers = f"readers away: {', '.join(away)}" if away else count_of(len(self.readers), "reader")
        doors = "" if self.hardware.health.ok else "lines cannot be read, "
        doors += count_of(len(self.hardware.doors), "door")
        ending = ", maintenance" if self.maintenance.is_open else ""
        return f"{doors}, {readers}, {listed}, clock {self.watch.clock.name.lower()}{ending}"

    def _show(self, place: Place, reason: Reason) -> None:
        self.hardware.show(place.name, reason)
        self.own_lamps.show(place.name, reason)

    def _signal(self, reader: str, signal: Signal) -> None:
        self.hardware.signal(reader, signal)
        self.own_lamps.signal(reader, signal)

    def _wire_hardware(self) -> Hardware:
        return Hardware(
            self.config,
            self.loop,
            on_report=self.reports.door,
            on_input=self.reports.input,
            on_alarm=self.own_lamps.alarm,
            on_health=self.reports.gpio,
        )

    def _wire_permissions(self) -> Permissions:
        estate_id, gate_id = self.config.estate_id, self.config.gate.id
        index = ListIndex(self.config.sync_dir)
        return Permissions(index, self._list_changed, estate_id=estate_id, gate_id=gate_id)

    def _wire_modes(self) -> DoorModes:
        return DoorModes(
            clock=self.judge,
            rules=lambda: self.permissions.rules,
            memory=self.memory,
            journal=self.journal,
            loop=self.loop,
            doors=self.hardware.doors,
        )

    def _wire_outcomes(self) -> Outcomes:
        return Outcomes(
            memory=self.memory,
            journal=self.journal,
            loop=self.loop,
            doors=self.hardware.doors,
            on_shown=self._show,
            on_first_card=self.modes.refresh,
            on_opened=self.maintenance.tapped,
        )

    def _wire_taps(self) -> Taps:
        return Taps(
            clock=self.judge,
            permissions=self.permissions,
            memory=self.memory,
            modes=self.modes,
            outcomes=self.outcomes,
            post=self.loop.post,
        )

    def _wire_watch(self) -> Watch:
        return Watch(
            read_clock=self._outside.read_clock,
            keeper=self.keeper,
            saved_time=lambda: believed_time(self.config.sync_dir),
            floor=self.floor,
            confirmation=lambda: load_confirmation(self.config.sync_dir),
            permissions=self.permissions,
            journal=self.journal,
            on_clock=self.modes.refresh,
        )

    def _wire_supervisors(self) -> Supervisors:
        return Supervisors(
            self.config,
            self.loop,
            taps=self.taps,
            reports=self.reports,
            supply_line=self.hardware.supply_line,
            jitter=self._outside.jitter,
        )

    def _log_sources(self) -> LogSources:
        return LogSources(
            stamp=lambda kind, detail: stamped(self._outside.boot, self.judge(), kind, detail),
            random_bytes=self._outside.random_bytes,
            trusted_utc=self._trusted_utc,
        )

    def _trusted_utc(self) -> int | None:
        now = self.judge().now
        return now.utc if now.clock is ClockState.TRUSTED else None

    def _log_came_late(self) -> None:
        self.floor.recall()
        self.maintenance.recall()
        self.hardware.recall_fire(self._was_released_by_fire)
        self.modes.refresh()

    def _was_released_by_fire(self, door: int) -> bool:
        return fire_latch(door) in self.memory.latches

    def _stored(self, number: int, event: Event) -> None:
        for follower in self.followers:
            follower(number, event)

    def _marks(self, kind: EventKind, detail: Mapping[str, Detail]) -> Mapping[str, Detail]:
        return self.maintenance.marks(kind, detail)

    def _list_changed(self, report: ListReport) -> None:
        if report.fault and not report.repeated:
            self.journal.record(EventKind.LIST_FAULT, detail={"cause": report.fault[-120:]})
        if report.state is not None:
            head = report.state.head
            believed = self.floor.learn(head.version, head.issued_at, self._outside.read_clock())
            detail: dict[str, int | str | bytes] = {"version": str(head.version)}
            if not believed:
                detail["issued_at_not_believed"] = head.issued_at
            if not report.repeated:
                self.journal.record(EventKind.LIST_CHANGED, detail=detail)
        if self.modes.started:
            self.modes.refresh()

    def _turned(self, now: float) -> None:
        if (interval := self.service.watchdog_s) is not None and now >= self._watchdog_due:
            # A third of the interval: two lost messages do no harm (sd_watchdog_enabled(3) says half).
            self._watchdog_due = now + interval / 3
            self.service.watchdog()

    def _tick(self) -> None:
        self.loop.call_at(self.loop.monotonic() + TICK_S, self._tick)
        self.watch.look()
        self.log.look()
        if (status := self.status_line()) != self._status:
            self._status = status
            self.service.status(status)
