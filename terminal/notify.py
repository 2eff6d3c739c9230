"""Messages to the service manager (sd_notify(3)); silent when there is none."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """Speaks to the socket systemd names in ``NOTIFY_SOCKET``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = _watchdog_seconds(environment)

    def ready(self, status: str) -> None:
        """The gate serves taps."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={_one_line(text)}")

    def watchdog(self) -> None:
        """The decision loop is alive."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """A clean stop has begun."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            try:
                out.sendto(text.encode(), self._address)
            except OSError:
                # The manager is restarting or its queue is full; the next message tells the same.
                return


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Interval systemd expects, if it is meant for this process (sd_watchdog_enabled(3))."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() and int(microseconds) > 0 else None


def _one_line(text: str) -> str:
    return " ".join(text.split())
