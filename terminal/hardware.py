"""The gate's hardware in one place: lines, doors, reporting inputs, lamps.

Opened in a fixed order, so that outputs are undriven from the first moment, fire is
read before anything is decided, and closing leaves every output undriven.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.indicator import Signal
from drivers.ports import DriverError, Gpio, InputLine, LineChanged, OutputLine
from drivers.registry import find_gpio
from sync.records import DoorMode, Reason
from terminal.config import Config, InputKind
from terminal.core.passage import Alarm, Fire, FireChanged, FireRecalled, PassageReport, Report
from terminal.doors import DoorControl
from terminal.lamps import Lamps
from terminal.loop import Loop, Timer
from terminal.supervisor import Health

BEAT_S = 5.0
"""The lines are looked at this often, also where no edge and no deadline asks for it."""
LOOK_AGAIN_S = 1.0
LOST_FOR_S = 5.0
"""Lines that cannot be read for so long end the process (exit code 69): the next one claims them anew."""

InputReport = Callable[[str, InputKind, bool], None]


class Hardware:
    """Everything on GPIO. Raises ``DriverError`` if it cannot be opened."""

    def __init__(
        self,
        config: Config,
        loop: Loop,
        *,
        on_report: Callable[[DoorControl, Report], None],
        on_input: InputReport,
        on_alarm: Callable[[str, Alarm], None],
        on_health: Callable[[Health], None],
    ) -> None:
        self._config = config
        self._loop = loop
        self._on_report = on_report
        self._on_input = on_input
        self._on_alarm = on_alarm
        self._on_health = on_health
        self.health = Health(ok=True, cause="", since=loop.monotonic())
        self.looked_at = loop.monotonic()
        """Heart-beat: when the lines were last read without an error."""
        self._timer: Timer | None = None
        driver = find_gpio(config.gpio_kind)
        settings = driver.settings(config.gpio_options, where=f"{config.path}: [gpio]")
        self.gpio: Gpio = driver.open(settings, loop.monotonic)
        self._fd = self.gpio.fileno()
        try:
            self._doors = [
                DoorControl(name, one, self.gpio, loop, on_report=on_report, on_alarm=self._alarm)
                for name, one in config.doors.items()
            ]
            self._inputs = self._claim_inputs()
            self._lamps = {
                name: Lamps(name, one, config.rhythms, self.gpio, loop)
                for name, one in config.readers.items()
            }
            self._supplies = self._claim_supplies()
        except BaseException:
            self.gpio.close()
            raise
        self.doors = {one.door_id: one for one in self._doors}

    def _claim_inputs(self) -> dict[str, InputLine]:
        return {
            name: self.gpio.claim_input(
                one.line.line,
                user=f"inputs.{name}",
                active_low=one.line.active_low,
                pull=one.line.pull,
                debounce_s=one.line.debounce_s,
            )
            for name, one in self._config.inputs.items()
        }

    def _claim_supplies(self) -> dict[str, OutputLine]:
        return {
            name: self.gpio.claim_output(
                one.power.line, user=f"readers.{name}.power", active_low=one.power.active_low
            )
            for name, one in self._config.readers.items()
            if one.power is not None
        }

    def start(self, *, was_released: Callable[[int], bool], modes: Callable[[int], DoorMode]) -> None:
        """Let every door take its first position; ``was_released``: by fire, when the gate last ran."""
        burning = self.fire_is_active
        for door in self._doors:
            released = was_released(door.door_id)
            latched = released and self._config.doors[door.name].timing.fire_needs_reset
            fire = Fire.ACTIVE if burning else Fire.LATCHED if latched else Fire.NONE
            door.start(mode=modes(door.door_id), fire=fire)
            if released and fire is Fire.NONE:
                self._on_report(door, Report(PassageReport.FIRE_CLEARED))
        for name, one in self._inputs.items():
            kind = self._config.inputs[name].kind
            if one.is_active() and kind is not InputKind.FIRE:
                self._on_input(name, kind, True)
        self._loop.watch(self._fd, self._service)
        self._set_timer()

    def recall_fire(self, was_released: Callable[[int], bool]) -> None:
        """What was released when the gate last ran is known only now: as at `start`, for doors that run."""
        for door in self._doors:
            if was_released(door.door_id) and door.state.demand.fire is Fire.NONE:
                door.send(FireRecalled())
                if door.state.demand.fire is Fire.NONE:
                    self._on_report(door, Report(PassageReport.FIRE_CLEARED))

    @property
    def fire_is_active(self) -> bool:
        """Whether any fire input reports fire now."""
        return self._fire_beside(None)

    def door_named(self, name: str) -> DoorControl | None:
        """The door of this name in the configuration."""
        return next((one for one in self._doors if one.name == name), None)

    def inputs_now(self) -> dict[str, bool]:
        """Level of every reporting input."""
        return {name: one.is_active() for name, one in self._inputs.items()}

    def show(self, reader: str, reason: Reason) -> None:
        """Show a tap's outcome at this reader."""
        if reader in self._lamps:
            self._lamps[reader].show(reason)

    def signal(self, reader: str, signal: Signal) -> None:
        """Show a signal at this reader."""
        if reader in self._lamps:
            self._lamps[reader].signal(signal)

    def supply_line(self, reader: str) -> OutputLine | None:
        """The output that cuts this reader's supply, if it has one."""
        return self._supplies.get(reader)

    def close(self) -> None:
        """Leave every output undriven. May be called twice."""
        self._loop.unwatch(self._fd)
        if self._timer is not None:
            self._timer.cancel()
        self.gpio.close()

    def _alarm(self, door: DoorControl, alarm: Alarm) -> None:
        for lamps in self._lamps.values():
            if lamps.door == door.name:
                lamps.alarm(alarm)
        self._on_alarm(door.name, alarm)

    def _service(self) -> None:
        try:
            changes = self.gpio.read_changes()
        except DriverError as error:
            self._lost(error)
            return
        self.looked_at = self._loop.monotonic()
        if not self.health.ok:
            self._loop.watch(self._fd, self._service)
            self._set_health(True, "")
        for change in changes:
            self._changed(change)
        self._set_timer()

    def _lost(self, error: DriverError) -> None:
        """Look again for a while; then only a new process can claim the lines anew."""
        now = self._loop.monotonic()
        if self.health.ok:
            self._set_health(False, str(error))
        elif now - self.health.since >= LOST_FOR_S:
            raise error
        # A descriptor that stays readable because its chip is gone would keep the loop spinning.
        self._loop.unwatch(self._fd)
        self._call_at(now + LOOK_AGAIN_S)

    def _set_health(self, ok: bool, cause: str) -> None:
        self.health = Health(ok, cause, self._loop.monotonic())
        self._on_health(self.health)

    def _changed(self, change: LineChanged) -> None:
        # By what the change says, not by the level now: a whole pulse may lie between two turns of the loop.
        if any(one.line_changed(change.line, change.active) for one in self._doors):
            return
        for name, one in self._config.inputs.items():
            if one.line.line != change.line:
                continue
            if one.kind is InputKind.FIRE:
                burning = change.active or self._fire_beside(name)
                for door in self._doors:
                    door.send(FireChanged(burning))
            self._on_input(name, one.kind, change.active)

    def _fire_beside(self, name: str | None) -> bool:
        """Whether a fire input other than ``name`` reports fire now."""
        return any(
            one.is_active()
            for other, one in self._inputs.items()
            if other != name and self._config.inputs[other].kind is InputKind.FIRE
        )

    def _set_timer(self) -> None:
        beat = self._loop.monotonic() + BEAT_S
        deadline = self.gpio.next_deadline()
        self._call_at(beat if deadline is None else min(beat, deadline))

    def _call_at(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._service)
