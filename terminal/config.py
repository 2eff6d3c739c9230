"""The gate's configuration: one TOML file, typed, with every unknown key refused.

A device is one section. What the office decides (who, when, modes) is not here: it
stands in the permission list. docs/configuration.md lists every option.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import Enum, unique
from pathlib import Path
from typing import Annotated, Any

from msgspec import Struct, field

from drivers.indicator import RHYTHMS, Rhythm, Signal
from drivers.ports import Pull
from drivers.settings import Length, Range
from terminal.core.timing import Timing

LARGEST_ID = 2**32 - 1


@unique
class LockKind(Enum):
    """What holds a passage shut."""

    STRIKE = "strike"
    MAGNET = "magnet"
    BARRIER = "barrier"


@unique
class LockState(Enum):
    """State of a lock."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"

    @property
    def other(self) -> LockState:
        """The opposite state."""
        return LockState.UNLOCKED if self is LockState.LOCKED else LockState.LOCKED


@unique
class InputKind(Enum):
    """What a reporting input tells."""

    FIRE = "fire"
    TAMPER = "tamper"
    MAINS_FAIL = "mains_fail"
    BATTERY_LOW = "battery_low"


@unique
class Way(Enum):
    """Direction of passage at a reader, seen from outside the estate."""

    IN = "in"
    OUT = "out"


class GateSettings(Struct, frozen=True):
    """``[gate]``: who this gate is and where it keeps its files."""

    name: Annotated[str, Length(1, 64)]
    id: Annotated[int, Range(1, LARGEST_ID)]
    estate: Annotated[str, Length(16, 16)]
    """Estate id, 16 hex digits."""
    state_dir: Annotated[str, Length(1, 1000)] = "/var/lib/gatehouse"
    control_socket: Annotated[str, Length(1, 107)] = "/run/gatehouse/terminal.sock"
    """At most 107 bytes (sun_path, unix(7))."""


class LogSettings(Struct, frozen=True):
    """``[log]``: how much the gate remembers."""

    retention_days: Annotated[int, Range(1, 3650)] = 30
    """Days an event is kept after the office has it."""
    max_events: Annotated[int, Range(1_000, 10_000_000)] = 1_000_000


@unique
class LinkKind(Enum):
    """How a gate reaches the office."""

    NONE = "none"
    """By files alone."""
    NETWORK = "network"
    SERIAL = "serial"


class LinkSettings(Struct, frozen=True):
    """``[link]``: the way to the office. Only the sync process uses it."""

    kind: LinkKind = LinkKind.NONE
    hubs: tuple[str, ...] = ()
    """Network: ``host:port`` of each hub, in the order in which they are tried."""
    port: str = ""
    """Serial: the device."""
    baud: Annotated[int, Range(9_600, 115_200)] = 9_600
    address: Annotated[int, Range(0, 127)] = 0
    """Serial: this gate's address on the pair, from 1; 0 is none."""
    rs485: bool = False
    """Serial: let the kernel switch the line's direction; hardware that does it itself needs nothing."""
    drop_dir: str = ""
    """A folder, e.g. on a stick: updates that lie there are applied, the log is left there."""


class StatusPageSettings(Struct, frozen=True):
    """``[status_page]``: where the technician's page may be opened. Only the sync process uses it."""

    listen: str = ""
    """``ADDRESS:PORT`` of this machine, an address and no name; empty: nowhere."""

    @property
    def place(self) -> tuple[str, int] | None:
        """Address and port; ``None``: nowhere."""
        if not self.listen:
            return None
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class OutputSettings(Struct, frozen=True):
    """One relay or lamp."""

    line: Annotated[str, Length(1, 64)]
    active_low: bool = False
    """The relay board energises on a low level."""


class PowerSettings(Struct, frozen=True):
    """``[readers.NAME.power]``: a relay whose normally-closed contact carries the reader's supply."""

    line: Annotated[str, Length(1, 64)]
    active_low: bool = False
    """The relay board energises on a low level."""
    after_s: Annotated[float, Range(10, 3600)] = 60.0
    """Away so long, the reader loses its supply; by then it was opened anew some seventy times."""
    off_s: Annotated[float, Range(1, 60)] = 5.0
    """For so long."""


class InputLineSettings(Struct, frozen=True):
    """One contact. Active means: door open, button pressed, loop occupied, condition there."""

    line: Annotated[str, Length(1, 64)]
    active_low: bool = False
    """With the pull-up, an open circuit is active unless this is set."""
    pull: Pull = Pull.UP
    debounce_s: Annotated[float, Range(0, 0.2)] = 0.03
    """Contacts bounce for milliseconds; pulses of 400 ms must never be missed."""


class DoorSettings(Struct, frozen=True):
    """``[doors.NAME]``: one passage."""

    id: Annotated[int, Range(1, LARGEST_ID)]
    kind: LockKind
    energised: LockState = LockState.UNLOCKED
    """State of the lock while its relay is energised."""
    stop_state: LockState = LockState.LOCKED
    """State after any end of the gate process: must be that of the undriven relay."""
    fire_contact_breaks_supply: bool = False
    """A magnet must have it: egress never depends on software."""
    emergency_exit_breaks_supply: bool = False
    """A magnet must have it: egress never depends on software."""


class Door(Struct, frozen=True):
    """A door's section with its lines."""

    settings: DoorSettings
    outputs: Mapping[str, OutputSettings]
    """``lock``; or ``open``, ``close`` and maybe ``stop`` of a barrier."""
    inputs: Mapping[str, InputLineSettings]
    """``contact``, ``exit``; a barrier's ``loop``."""
    timing: Timing
    """``[doors.NAME.timing]``; ``has_stop`` follows from the outputs."""


class InputSettings(Struct, frozen=True):
    """``[inputs.NAME]``: one reporting input of the gate."""

    kind: InputKind


class Input(Struct, frozen=True):
    """A reporting input's section with its line."""

    kind: InputKind
    line: InputLineSettings


class ReaderSettings(Struct, frozen=True):
    """``[readers.NAME]``: where a reader stands; the rest of the section is its driver's."""

    id: Annotated[int, Range(1, LARGEST_ID)]
    kind: Annotated[str, Length(1, 32)]
    door: Annotated[str, Length(1, 64)]
    way: Way = Way.IN
    repeat_s: Annotated[float, Range(0, 60)] = 0.5
    """The same card again within so long is the same tap."""


class ReaderConfig(Struct, frozen=True):
    """A reader's section: place, driver options, lamps and buzzer, supply."""

    settings: ReaderSettings
    options: Mapping[str, Any]
    indicator: Mapping[str, OutputSettings]
    power: PowerSettings | None = None


class Config(Struct, frozen=True):
    """A whole configuration, each value of its own type; `terminal.check` judges the sense."""

    path: Path
    gate: GateSettings
    roots: tuple[bytes, ...]
    """Public root keys of the estate: the anchors of all trust."""
    log: LogSettings
    gpio_kind: str
    gpio_options: Mapping[str, Any]
    doors: Mapping[str, Door]
    inputs: Mapping[str, Input]
    readers: Mapping[str, ReaderConfig]
    link: LinkSettings = LinkSettings()
    rhythms: Mapping[Signal, Rhythm] = field(default_factory=lambda: RHYTHMS)
    """``[patterns.SIGNAL]``: what lamps and buzzers at the readers show."""
    status_page: StatusPageSettings = StatusPageSettings()

    @property
    def terminal_dir(self) -> Path:
        """State that only gate-terminal writes."""
        return Path(self.gate.state_dir) / "terminal"

    @property
    def sync_dir(self) -> Path:
        """State that only the sync side writes."""
        return Path(self.gate.state_dir) / "sync"

    @property
    def estate_id(self) -> bytes:
        """The estate's id, 8 bytes."""
        return bytes.fromhex(self.gate.estate)

    @property
    def control_socket(self) -> Path:
        """The gate's local command socket."""
        return Path(self.gate.control_socket)


class ConfigError(Exception):
    """The configuration cannot be used; one line for each error: file, key, cure."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def read_toml(path: Path, *, max_bytes: int) -> dict[str, Any]:
    """Read a TOML file of bounded size; raises ``ConfigError``."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        cure = "; run it with sudo, or see its owner and mode" if isinstance(error, PermissionError) else ""
        raise ConfigError([f"{path}: cannot be read: {error.strerror}{cure}"]) from error
    if len(data) > max_bytes:
        raise ConfigError([f"{path}: larger than {max_bytes} bytes; this is not a gate's configuration"])
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from error
