"""Reads a gate's TOML file into a `Config`, telling every error it finds at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict

from drivers.indicator import RHYTHMS, Rhythm, Signal
from drivers.ports import DriverSettingsError
from drivers.settings import load_settings
from terminal.config import (
    Config,
    ConfigError,
    Door,
    DoorSettings,
    GateSettings,
    Input,
    InputLineSettings,
    InputSettings,
    LinkSettings,
    LockKind,
    LogSettings,
    OutputSettings,
    PowerSettings,
    ReaderConfig,
    ReaderSettings,
    StatusPageSettings,
    read_toml,
)
from terminal.core.timing import BARRIER_TIMING, Timing

MAX_CONFIG_BYTES = 256 * 1024
SECTIONS = ("doors", "gate", "gpio", "inputs", "link", "log", "patterns", "readers", "status_page")
READER_KEYS = frozenset({"id", "kind", "door", "way", "repeat_s"})

Settings = TypeVar("Settings", bound=Struct)
Made = TypeVar("Made")
Table = dict[str, Any]


def read_config(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: with every error found, each naming file, key and cure.
    """
    return parse_config(path, read_toml(path, max_bytes=MAX_CONFIG_BYTES))


def parse_config(path: Path, document: Mapping[str, Any]) -> Config:
    """Turn a TOML document into a configuration; ``path`` is for messages only.

    Raises:
        ConfigError: with every error found.
    """
    parser = _Parser(path)
    config = parser.config(dict(document))
    if parser.errors or config is None:
        raise ConfigError(parser.errors)
    return config


class _Parser:
    """Collects errors; a method answers None where it found one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.errors: list[str] = []

    def config(self, document: Table) -> Config | None:
        for unknown in sorted(set(document) - set(SECTIONS)):
            self._error("", f"unknown section {unknown!r} (there are: {', '.join(SECTIONS)})")
        gate_table = self._take_table(document, "gate", "")
        roots = self._roots(gate_table.pop("roots", None))
        gate = self._settings(GateSettings, gate_table, "gate")
        if gate is not None and not _is_hex(gate.estate):
            self._error("gate", "'estate' must be 16 hex digits, as the office printed it")
        log = self._settings(LogSettings, self._take_table(document, "log", ""), "log")
        link = self._settings(LinkSettings, self._take_table(document, "link", ""), "link")
        page = self._settings(
            StatusPageSettings, self._take_table(document, "status_page", ""), "status_page"
        )
        gpio = self._take_table(document, "gpio", "")
        gpio_kind = gpio.pop("backend", None)
        if not isinstance(gpio_kind, str):
            self._error("gpio", "'backend' is missing: name the GPIO driver, e.g. \"sim\"")
        doors = self._each(document, "doors", self._door)
        inputs = self._each(document, "inputs", self._input)
        readers = self._each(document, "readers", self._reader)
        rhythms = self._rhythms(self._take_table(document, "patterns", ""))
        if not doors:
            self._error("doors", "a gate has at least one door: add a section [doors.NAME]")
        if gate is None or log is None or link is None or page is None or self.errors:
            return None
        return Config(
            self._path, gate, roots, log, str(gpio_kind), gpio, doors, inputs, readers, link, rhythms, page
        )

    def _door(self, table: Table, where: str) -> Door | None:
        outputs = self._lines(OutputSettings, table, "outputs", where)
        inputs = self._lines(InputLineSettings, table, "inputs", where)
        timing_table = self._take_table(table, "timing", where)
        settings = self._settings(DoorSettings, table, where)
        if settings is None:
            return None
        timing = self._timing(settings.kind, "stop" in outputs, timing_table, f"{where}.timing")
        return None if timing is None else Door(settings, outputs, inputs, timing)

    def _timing(self, kind: LockKind, has_stop: bool, table: Table, where: str) -> Timing | None:
        if "has_stop" in table:
            self._error(where, "'has_stop' follows from the door's outputs; remove it")
            return None
        if kind is LockKind.BARRIER:
            table = {"open_s": BARRIER_TIMING.open_s, "long_open_s": BARRIER_TIMING.long_open_s, **table}
        return self._settings(Timing, {**table, "has_stop": has_stop}, where)

    def _input(self, table: Table, where: str) -> Input | None:
        settings = self._settings(InputSettings, {k: table.pop(k) for k in ("kind",) if k in table}, where)
        line = self._settings(InputLineSettings, table, where)
        return None if settings is None or line is None else Input(settings.kind, line)

    def _reader(self, table: Table, where: str) -> ReaderConfig | None:
        indicator = self._lines(OutputSettings, table, "indicator", where)
        power_table = self._take_table(table, "power", where) if "power" in table else None
        power = None if power_table is None else self._settings(PowerSettings, power_table, f"{where}.power")
        place = {key: table.pop(key) for key in sorted(READER_KEYS & set(table))}
        settings = self._settings(ReaderSettings, place, where)
        return None if settings is None else ReaderConfig(settings, table, indicator, power)

    def _rhythms(self, table: Table) -> dict[Signal, Rhythm]:
        for unknown in sorted(table.keys() - {one.value for one in Signal}):
            known = ", ".join(one.value for one in Signal)
            self._error("patterns", f"unknown signal {unknown!r} (there are: {known})")
        rhythms = dict(RHYTHMS)
        for signal in Signal:
            given = self._take_table(table, signal.value, "patterns")
            made = self._settings(Rhythm, {**asdict(RHYTHMS[signal]), **given}, f"patterns.{signal.value}")
            if made is not None:
                rhythms[signal] = made
        return rhythms

    def _roots(self, value: object) -> tuple[bytes, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= 4:
            self._error("gate", "'roots' must list the estate's 1 to 4 public root keys")
            return ()
        if not all(isinstance(one, str) and len(one) == 64 and _is_hex(one) for one in value):
            self._error("gate", "'roots': a root key has 64 hex digits, as the office printed it")
            return ()
        return tuple(bytes.fromhex(one) for one in value)

    def _lines(self, kind: type[Settings], table: Table, key: str, where: str) -> dict[str, Settings]:
        where = f"{where}.{key}"
        lines = self._take_table(table, key, where)
        read = {
            name: self._settings(kind, self._take_table(lines, name, where), f"{where}.{name}")
            for name in list(lines)
        }
        return {name: one for name, one in read.items() if one is not None}

    def _each(self, document: Table, key: str, read: Callable[[Table, str], Made | None]) -> dict[str, Made]:
        section = self._take_table(document, key, "")
        made = {name: read(self._take_table(section, name, key), f"{key}.{name}") for name in list(section)}
        return {name: one for name, one in made.items() if one is not None}

    def _settings(self, kind: type[Settings], table: Table, where: str) -> Settings | None:
        try:
            return load_settings(kind, table, where=f"{self._path}: [{where}]")
        except DriverSettingsError as error:
            self.errors.extend(str(error).splitlines())
        except ValueError as error:
            self._error(where, str(error))
        return None

    def _take_table(self, table: Table, key: str, where: str) -> Table:
        value = table.pop(key, {})
        if isinstance(value, dict):
            return dict(value)
        self._error(where, f"{key!r} must be a section of its own")
        return {}

    def _error(self, where: str, text: str) -> None:
        self.errors.append(f"{self._path}: [{where}] {text}" if where else f"{self._path}: {text}")


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)
