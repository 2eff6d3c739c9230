"""Keeping the running gate's services out of the way while their state is written."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Final

from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.signals import kept_signals

SYNC: Final = "gate-sync.service"
GATE: Final = "gate-terminal.service"


@contextlib.contextmanager
def stopped(host: Host, *units: str) -> Iterator[None]:
    """Stop those of ``units`` that run, and start them again, the last one first; nothing to do on a tree.

    Whatever happens, each is tried to be started: residents stand at a gate that is stopped. A signal that
    asks for an end is obeyed only when they run again.

    Raises:
        ProvisioningError: one cannot be stopped or started.
        KeyboardInterrupt: a signal came meanwhile; the work is done.
    """
    running = [one for one in units if host.live and _is_active(host, one)]
    if not running:
        yield
        return
    with kept_signals() as signals:
        try:
            for one in running:
                host.must("systemctl", "stop", one)
            signals.look()
            yield
        finally:
            _start(host, running[::-1])
        signals.look()


def _start(host: Host, units: list[str]) -> None:
    before = sys.exception()
    faults = [str(before)] if isinstance(before, Exception) else []  # both are to be told
    failed = False
    for one in units:
        try:
            host.must("systemctl", "start", one)
        except ProvisioningError as error:
            faults.append(str(error))
            failed = True
    if failed:
        raise ProvisioningError("; ".join([*faults, "see journalctl, and start what does not run by hand"]))


def _is_active(host: Host, unit: str) -> bool:
    return host.run("systemctl", "is-active", "--quiet", unit).ok
