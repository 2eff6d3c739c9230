"""A gate whose hardware is simulated throughout, and whoever stands at it: answers come from looking.

Doors behave as real ones (`drivers.virtual_door`): what the person sees follows from the relay's
level and the lock's supply, so that a wrong configuration fails here as it would at a gate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from drivers.gpio.sim import SimGpio
from drivers.ports import Pull, Technology
from drivers.readers.sim import SimReader
from drivers.virtual_door import Hold, VirtualDoor
from provisioning.selftest.person import (
    CAME_FREE,
    CLOSED,
    LOCKED,
    NO,
    NOTHING,
    OPENED,
    YES,
    Asked,
    Deed,
    Question,
    SelfTestError,
)
from provisioning.selftest.workbench import Wait, Workbench, inputs_of, outputs_of
from terminal.config import (
    Config,
    Door,
    InputKind,
    InputLineSettings,
    LockKind,
    LockState,
    OutputSettings,
)

TEST_CARD: Final = bytes.fromhex("04A10001")
"""No estate issues it: it is never held to a gate in service."""
_ACTIVE: Final = {Deed.OPEN_DOOR, Deed.PRESS_EXIT, Deed.OCCUPY_LOOP, Deed.BREAK_FIRE, Deed.TRIP_INPUT}


class SimulatedPerson:
    """`provisioning.selftest.person.Person` who does what they are asked and says what they see."""

    def __init__(self, config: Config, tell: Callable[[str], None]) -> None:
        """``config``: how the gate is really wired. ``tell`` hears what they are told."""
        self._config = config
        self._tell = tell
        self._bench: Workbench | None = None
        self.doors = {
            name: VirtualDoor(_hold(one), is_fed=True)
            for name, one in config.doors.items()
            if one.settings.kind is not LockKind.BARRIER
        }
        self._seen: dict[str, set[bool]] = {}
        """What each output did since somebody was last asked."""

    def stand_at(self, bench: Workbench) -> None:
        """The gate is set up: every door shut, nothing tripped."""
        self._bench = bench
        for _, line in inputs_of(self._config):
            self._set(line, False)
        self._look()

    def watching(self, wait: Wait) -> Wait:
        """``wait``, with eyes open: what moves meanwhile is seen."""

        def watched(descriptors: Sequence[int], seconds: float) -> None:
            if self._bench is not None:
                self._look()
            wait(descriptors, seconds)

        return watched

    def ask(self, question: Question) -> str:
        """What the person sees."""
        self._look()
        match question.about:
            case Asked.AREA | Asked.STOP_GATE:
                answer = YES
            case Asked.CLICK:
                answer = self._moved(question.subject)
            case Asked.GIVES_WAY:
                answer = YES if self.doors[question.subject].gives_way else NO
            case Asked.SHOWN:
                answer = YES if self._was_shown(question.subject) else NO
        self._seen.clear()
        return answer

    def please(self, deed: Deed, subject: str) -> None:
        """Do it at once."""
        self._look()
        active = deed in _ACTIVE
        match deed:
            case Deed.HOLD_CARD:
                self._sim_reader(subject).present(Technology.ISO14443A, TEST_CARD)
                self._sim_reader(subject).remove()
            case Deed.OPEN_DOOR | Deed.CLOSE_DOOR:
                if not active or self._opens(subject):
                    self._set(self._config.doors[subject].inputs["contact"], active)
            case Deed.PRESS_EXIT | Deed.RELEASE_EXIT:
                self._set(self._config.doors[subject].inputs["exit"], active)
            case Deed.OCCUPY_LOOP | Deed.CLEAR_LOOP:
                self._set(self._config.doors[subject].inputs["loop"], active)
            case Deed.BREAK_FIRE | Deed.RESTORE_FIRE:
                self._burn(active)
            case Deed.PRESS_EMERGENCY | Deed.RESTORE_EMERGENCY:
                breaks = self._config.doors[subject].settings.emergency_exit_breaks_supply
                self.doors[subject].emergency_exit_is_pressed = breaks and deed is Deed.PRESS_EMERGENCY
            case Deed.TRIP_INPUT | Deed.RESTORE_INPUT:
                self._set(self._config.inputs[subject].line, active)

    def say(self, text: str) -> None:
        """Be told how it goes."""
        self._tell(text)

    # What the person sees

    def _look(self) -> None:
        """Carry every relay to its lock, and note what moved."""
        for output, line in outputs_of(self._config):
            self._seen.setdefault(output, set()).add(self._is_energised(line))
        for name, door in self.doors.items():
            energised = self._is_energised(self._config.doors[name].outputs["lock"])
            # A lock that holds by current has it while the relay leaves it locked.
            locking = self._config.doors[name].settings.energised is LockState.LOCKED
            door.is_fed = energised is locking if door.hold is Hold.BY_CURRENT else energised

    def _is_energised(self, line: OutputSettings) -> bool:
        level = self._gpio.level(line.line)
        return level is not None and level is not line.active_low

    def _moved(self, door: str) -> str:
        settings = self._config.doors[door].settings
        if settings.kind is LockKind.BARRIER:
            for role, moved in (("open", OPENED), ("close", CLOSED)):
                if True in self._seen.get(f"doors.{door}.outputs.{role}", ()):
                    return moved
            return NOTHING
        states = self._seen.get(f"doors.{door}.outputs.lock", set())
        if states != {True, False}:
            return NOTHING
        # It rests as the relay leaves it now; during the click it was the other way.
        return LOCKED if self.doors[door].gives_way else CAME_FREE

    def _was_shown(self, subject: str) -> bool:
        if ".own." not in subject:
            return True in self._seen.get(subject, ())
        _, name, _, output = subject.split(".")
        shown = [one for one in self._sim_reader(name).shown if one is not None]
        return bool(shown) and output in {one.value for one in shown[-1].outputs}

    # What the person does

    def _opens(self, door: str) -> bool:
        return door not in self.doors or self.doors[door].gives_way

    def _burn(self, burning: bool) -> None:
        for name, door in self.doors.items():
            door.fire_contact_is_open = (
                burning and self._config.doors[name].settings.fire_contact_breaks_supply
            )
        for one in self._config.inputs.values():
            if one.kind is InputKind.FIRE:
                self._set(one.line, burning)

    def _set(self, line: InputLineSettings, active: bool) -> None:
        level = active is not line.active_low
        # A contact to ground: open, the bias decides.
        self._gpio.set_level(line.line, None if line.pull is Pull.UP and level else level)

    @property
    def _gpio(self) -> SimGpio:
        gpio = None if self._bench is None else self._bench.gpio
        if not isinstance(gpio, SimGpio):
            raise SelfTestError("the lines are not simulated")
        return gpio

    def _sim_reader(self, name: str) -> SimReader:
        reader = None if self._bench is None else self._bench.reader(name)
        if not isinstance(reader, SimReader):
            raise SelfTestError(f"reader {name} is not a simulated one that works")
        return reader


def _hold(door: Door) -> Hold:
    """A magnet, and a strike that the energised relay locks, hold by current; other strikes without it."""
    by_current = door.settings.kind is LockKind.MAGNET or door.settings.energised is LockState.LOCKED
    return Hold.BY_CURRENT if by_current else Hold.WITHOUT_CURRENT
