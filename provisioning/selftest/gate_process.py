"""Keeps the gate process away from its lines while they are tested, and brings it back afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from drivers.registry import find_gpio, find_gpio_release
from provisioning.owner import acting_as
from provisioning.selftest.person import SelfTestError
from provisioning.selftest.workbench import outputs_of
from terminal.config import Config
from terminal.stores.errors import StoreError
from terminal.stores.files import StoreBusyError, WriterLock
from terminal.stores.usage_opening import LOCK_NAME

UNIT: Final = "gate-terminal.service"
STOP_WITHIN_S: Final = 90.0
"""What systemd gives a service before it kills it."""


class Services(Protocol):
    """The service manager, for the one service of the gate process."""

    def stop(self) -> None:
        """Stop it and wait; raises ``SelfTestError``."""

    def start(self) -> None:
        """Start it; raises ``SelfTestError``."""


class Systemd:
    """`Services` by ``systemctl``."""

    def stop(self) -> None:
        """Stop the gate process; its outputs are undriven then."""
        self._run("stop")

    def start(self) -> None:
        """Start the gate process again."""
        self._run("start")

    def _run(self, word: str) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                ["systemctl", word, UNIT],  # noqa: S607 - the service manager's own tool, by the system's PATH
                capture_output=True,
                timeout=STOP_WITHIN_S,
                check=False,
                start_new_session=True,  # a Ctrl-C is for the test, which starts the gate again
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SelfTestError(f"systemctl {word} {UNIT}: {error}; {word} the gate by hand") from error
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip()
            raise SelfTestError(f"systemctl {word} {UNIT}: {told[-200:]}; {word} the gate by hand")


@contextmanager
def gate_kept_away(config: Config, may_stop: Callable[[], Services | None]) -> Iterator[None]:
    """Hold the gate's lock, so that no gate runs; one that runs is stopped, and started again at the end.

    ``may_stop`` is asked only then. Whatever happens inside, every output is undriven before the
    gate is let back.

    Raises:
        SelfTestError: a gate runs and may not be stopped.
    """
    services: Services | None = None
    lock: WriterLock | None = None
    try:
        lock = _lock_or_none(config)
        if lock is None:
            services = may_stop()
            if services is None:
                raise SelfTestError(
                    "the gate is in service and drives its lines; say --stop-gate to have it stopped for the"
                    " test (nobody gets in by card meanwhile)"
                )
            services.stop()
            lock = _lock_or_none(config)
            if lock is None:
                raise SelfTestError("the gate was stopped and still something holds its lock")
        try:
            yield
        finally:
            release(config)
    finally:
        if lock is not None:
            lock.release()
        if services is not None:  # also after a stop that failed: it may have been half of one
            services.start()


def release(config: Config) -> None:
    """Leave every output undriven, as after the end of a gate process.

    The bench has done so already where it could be closed; this is for what that cannot reach.
    """
    settings = find_gpio(config.gpio_kind).settings(config.gpio_options, where=f"{config.path}: [gpio]")
    find_gpio_release(config.gpio_kind)(settings, [one.line for _, one in outputs_of(config)], False)


@contextmanager
def as_owner(path: Path) -> Iterator[None]:
    """Act as the owner of ``path``: what is made there is theirs, and what is theirs can be read.

    Root alone can do so; anybody else acts as themselves.
    """
    if os.geteuid() != 0:
        yield
        return
    try:
        status = path.stat()
    except OSError as error:
        raise SelfTestError(f"{path}: {error.strerror}; run gatehouse-provision apply") from error
    # Their group, too: the directory above lets nobody but the gate's group pass.
    with acting_as(status.st_uid, status.st_gid):
        yield


def _lock_or_none(config: Config) -> WriterLock | None:
    """The gate's lock; ``None``: something holds it."""
    try:
        # A lock file that root makes could never be opened by the gate.
        with as_owner(config.terminal_dir):
            return WriterLock(config.terminal_dir / LOCK_NAME)
    except StoreBusyError:
        return None
    except StoreError as error:
        raise SelfTestError(f"{error}; run gatehouse-provision apply") from error
