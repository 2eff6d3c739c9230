"""Binds one door's state machine to its lines: effects drive relays, contacts become events.

Everything runs on the gate's loop. The level is written before anything else learns
of it; reports go to the gate afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.ports import Gpio, InputLine, OutputLine
from sync.records import DoorMode
from terminal.config import Door as DoorConfig
from terminal.config import LockKind, LockState
from terminal.core import passage
from terminal.core.passage import (
    Alarm,
    Contact,
    ContactChanged,
    Drive,
    Event,
    ExitPressed,
    ExitReleased,
    Fire,
    Inputs,
    Lock,
    Loop,
    LoopChanged,
    PassageKind,
    Report,
    ShowAlarm,
    TimePassed,
)
from terminal.loop import Loop as EventLoop
from terminal.loop import Timer


class DoorControl:
    """One door or barrier. ``on_report`` and ``on_alarm`` hear what the machine says."""

    def __init__(
        self,
        name: str,
        config: DoorConfig,
        gpio: Gpio,
        loop: EventLoop,
        *,
        on_report: Callable[[DoorControl, Report], None],
        on_alarm: Callable[[DoorControl, Alarm], None],
    ) -> None:
        self.name = name
        self.door_id = config.settings.id
        self._config = config
        self._loop = loop
        self._on_report = on_report
        self._on_alarm = on_alarm
        self._timer: Timer | None = None
        self._outputs = self._claim_outputs(gpio)
        self._inputs = self._claim_inputs(gpio)
        self._lines = {one.line: role for role, one in config.inputs.items()}
        self._passage: passage.Passage | None = None

    def start(self, *, mode: DoorMode, fire: Fire) -> None:
        """Read every level anew and take the first position, fire before all else."""
        kind = PassageKind.BARRIER if self._config.settings.kind is LockKind.BARRIER else PassageKind.DOOR
        inputs = Inputs(self._contact(), fire, self._clearance())
        now = self._loop.monotonic()
        self._passage, effects = passage.initial(kind, inputs, mode, now, self._config.timing)
        self._carry_out(effects)
        if self._is_active("exit"):
            self.send(ExitPressed())

    @property
    def state(self) -> passage.Passage:
        """The machine's present state."""
        if self._passage is None:
            raise RuntimeError(f"door {self.name} was used before start")
        return self._passage

    @property
    def is_busy(self) -> bool:
        """Open or unlocked: its interlock partners must wait."""
        return passage.is_busy(self.state)

    @property
    def is_locked_down(self) -> bool:
        """Lockdown is in force: openings decided before it no longer count."""
        return self.state.demand.mode is DoorMode.LOCKDOWN

    def send(self, event: Event) -> None:
        """Let ``event`` happen now."""
        now = self._loop.monotonic()
        self._passage, effects = passage.step(self.state, event, now, self._config.timing)
        self._carry_out(effects)

    def line_changed(self, line: str, active: bool) -> bool:
        """An input line became active or quiet; False if it is none of this door's."""
        role = self._lines.get(line)
        if role is None:
            return False
        match role:
            case "contact":
                self.send(ContactChanged(Contact.OPEN if active else Contact.CLOSED))
            case "loop":
                self.send(LoopChanged(Loop.OCCUPIED if active else Loop.CLEAR))
            case _:
                self.send(ExitPressed() if active else ExitReleased())
        return True

    def _carry_out(self, effects: tuple[passage.Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Lock(unlocked=unlocked):
                    energised = self._config.settings.energised is LockState.UNLOCKED
                    self._outputs["lock"].set(unlocked == energised)
                case Drive(output=output, on=on):
                    self._outputs[output.value].set(on)
        for effect in effects:
            match effect:
                case Report():
                    self._on_report(self, effect)
                case ShowAlarm(alarm=alarm):
                    self._on_alarm(self, alarm)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = passage.next_deadline(self.state)
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._time_passed)

    def _time_passed(self) -> None:
        self.send(TimePassed())

    def _contact(self) -> Contact:
        if "contact" not in self._inputs:
            return Contact.ABSENT
        return Contact.OPEN if self._is_active("contact") else Contact.CLOSED

    def _clearance(self) -> Loop:
        return Loop.OCCUPIED if self._is_active("loop") else Loop.CLEAR

    def _is_active(self, role: str) -> bool:
        return role in self._inputs and self._inputs[role].is_active()

    def _claim_outputs(self, gpio: Gpio) -> Mapping[str, OutputLine]:
        return {
            role: gpio.claim_output(
                one.line, user=f"doors.{self.name}.outputs.{role}", active_low=one.active_low
            )
            for role, one in self._config.outputs.items()
        }

    def _claim_inputs(self, gpio: Gpio) -> Mapping[str, InputLine]:
        return {
            role: gpio.claim_input(
                one.line,
                user=f"doors.{self.name}.inputs.{role}",
                active_low=one.active_low,
                pull=one.pull,
                debounce_s=one.debounce_s,
            )
            for role, one in self._config.inputs.items()
        }
