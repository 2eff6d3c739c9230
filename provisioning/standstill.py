"""Keeping the running gate's services out of the way while their state is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from provisioning.host import Host

SYNC: Final = "gate-sync.service"
GATE: Final = "gate-terminal.service"


@contextlib.contextmanager
def stopped(host: Host, *units: str) -> Iterator[None]:
    """Stop those of ``units`` that run, and start them again at the end; nothing to do on a tree.

    Raises:
        ProvisioningError: one cannot be stopped or started.
    """
    running = [one for one in units if host.live and _is_active(host, one)]
    for one in running:
        host.must("systemctl", "stop", one)
    try:
        yield
    finally:
        for one in running:
            host.must("systemctl", "start", one)


def _is_active(host: Host, unit: str) -> bool:
    return host.run("systemctl", "is-active", "--quiet", unit).ok
