"""Stands for libgpiod and one chip with eight lines: other people's, and absent on most machines.

Like the kernel it gives a line to one request at a time and tells who has it; nothing moves on it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final, cast

LABEL: Final = "pinctrl-bcm2711"
LINES: Final = 8


class FakeRequest:
    """Some lines, until they are released."""

    def __init__(self, chip: FakeChip, offsets: Iterable[int], consumer: str) -> None:
        self._chip = chip
        self._offsets = tuple(offsets)
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        for one in self._offsets:
            chip.users[one] = consumer

    def release(self) -> None:
        if self._offsets:
            os.close(self.fd)
        for one in self._offsets:
            del self._chip.users[one]
        self._offsets = ()

    def get_value(self, _offset: int) -> str:
        return "inactive"

    def reconfigure_lines(self, _settings: object) -> None:
        """Nothing here has a level."""

    def wait_edge_events(self, _timeout: float) -> bool:
        return False


class FakeChip:
    """``gpiochip0``."""

    def __init__(self) -> None:
        self.users: dict[int, str] = {}

    def close(self) -> None:
        """Requests outlive the chip that they came from."""

    def get_info(self) -> Any:
        return SimpleNamespace(label=LABEL)

    def line_offset_from_id(self, line: str) -> int:
        offset = int(line.removeprefix("GPIO"))
        if not 0 <= offset < LINES:
            raise OSError(errno.ENOENT, "No such file or directory")
        return offset

    def get_line_info(self, offset: int) -> Any:
        return SimpleNamespace(used=offset in self.users, consumer=self.users.get(offset, ""))

    def request_lines(self, config: dict[Any, Any], *, consumer: str, event_buffer_size: int) -> FakeRequest:
        assert event_buffer_size > 0
        offsets = [one for key in config for one in (key if isinstance(key, tuple) else (key,))]
        if any(one in self.users for one in offsets):
            raise OSError(errno.EBUSY, "Device or resource busy")
        return FakeRequest(self, offsets, consumer)


def fake_gpiod(folder: Path) -> ModuleType:
    """The library, with its chip's file in ``folder``, which stands for /dev."""
    (folder / "gpiochip0").touch()
    chip = FakeChip()
    module = cast("Any", ModuleType("gpiod"))
    module.Chip = lambda _path: chip
    module.RequestReleasedError = RuntimeError
    module.LineSettings = lambda **settings: settings
    module.line = SimpleNamespace(
        Bias=SimpleNamespace(DISABLED="none", PULL_UP="up", PULL_DOWN="down"),
        Direction=SimpleNamespace(INPUT="input", OUTPUT="output"),
        Edge=SimpleNamespace(FALLING="falling", BOTH="both"),
        Clock=SimpleNamespace(MONOTONIC="monotonic"),
        Value=SimpleNamespace(ACTIVE="active", INACTIVE="inactive"),
    )
    return cast("ModuleType", module)
