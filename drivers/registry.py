"""Drivers found by kind: ``kind = "pcsc"`` is the file ``drivers/readers/pcsc.py``.

No table to edit: a new driver is one file with ``Settings`` and ``open_reader`` (or ``open_gpio``),
``claims`` if it needs something that no other device may have, and ``misfit`` if it does not go together
with everything else that a gate may have.
Files whose name starts with ``_`` are helpers, not kinds. Five things can be wrong with a
device and each is its own error with its cure: ``UnknownDriverError`` (misspelt kind),
``DriverLibraryError``, ``DriverUnavailableError``, ``DriverPermissionError`` and
``DriverMismatchError`` (a device of another kind).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct

from drivers.ports import Claim, Gpio, Reader, Surroundings, UnknownDriverError
from drivers.settings import load_settings

Device = TypeVar("Device")

_FOLDER = Path(__file__).parent
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


class Driver(Struct, Generic[Device], frozen=True):
    """One kind of device: typed settings first, then the device."""

    kind: str
    settings_type: type[Any]
    _open: Callable[[Any, Callable[[], float]], Device]
    _claims: Callable[[Any], tuple[Claim, ...]] = lambda _settings: ()
    _misfit: Callable[[Any, Surroundings], str] = lambda _settings, _surroundings: ""

    def settings(self, table: Mapping[str, object], *, where: str) -> object:
        """Check the device's config table without touching the device.

        Raises:
            DriverSettingsError: names each wrong key.
        """
        return cast("object", load_settings(self.settings_type, table, where=where))

    def claims(self, settings: object) -> tuple[Claim, ...]:
        """What a device with these settings needs for itself, outside the lines of ``[gpio]``."""
        return self._claims(settings)

    def misfit(self, settings: object, surroundings: Surroundings) -> str:
        """Why a device with these settings cannot work there, with the cure; empty: it can."""
        return self._misfit(settings, surroundings)

    def open(self, settings: object, clock: Callable[[], float]) -> Device:
        """Open the device; ``clock`` gives monotonic seconds.

        Raises:
            DriverError: library missing, device missing, or no permission.
        """
        return self._open(settings, clock)


def find_reader(kind: str) -> Driver[Reader]:
    """The card reader driver of this kind; raises UnknownDriverError."""
    module = _find("readers", kind)
    own = {f"_{name}": vars(module)[name] for name in ("claims", "misfit") if name in vars(module)}
    return Driver(kind, module.Settings, module.open_reader, **own)


def find_gpio(kind: str) -> Driver[Gpio]:
    """The GPIO backend of this kind; raises UnknownDriverError."""
    module = _find("gpio", kind)
    return Driver(kind, module.Settings, module.open_gpio)


def find_gpio_release(kind: str) -> Callable[[Any, Sequence[str], bool], None]:
    """How this backend leaves outputs undriven without a bank: ``release(settings, lines, force)``.

    It raises ``DriverUnavailableError`` while another process drives the lines (unless ``force``, where
    nothing but manners stands between), and any ``DriverError`` when a line may still be driven.
    Raises UnknownDriverError.
    """
    module = _find("gpio", kind)
    return lambda settings, lines, force: module.release_outputs(settings, lines, force=force)


def reader_kinds() -> tuple[str, ...]:
    """Every kind of card reader there is, sorted."""
    return _kinds("readers")


def gpio_kinds() -> tuple[str, ...]:
    """Every kind of GPIO backend there is, sorted."""
    return _kinds("gpio")


def _kinds(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (_FOLDER / folder).glob("[!_]*.py")))


def _find(folder: str, kind: str) -> ModuleType:
    # The pattern keeps a config value from naming a path or a private helper.
    if not _KIND.fullmatch(kind) or not (_FOLDER / folder / f"{kind}.py").is_file():
        raise UnknownDriverError(
            f"unknown kind {kind[:40]!r}; there are: {', '.join(_kinds(folder))} (drivers/{folder}/)"
        )
    return import_module(f"drivers.{folder}.{kind}")
