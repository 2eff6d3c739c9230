"""A private pcscd with one virtual contactless reader: the whole PC/SC path without hardware.

For demonstrations and tests, root only. pcscd and vpcd live in mount and network namespaces
of their own: nothing of theirs listens on this machine, several run side by side, USB readers
are left alone. Clients reach it by ``PCSCLITE_CSOCK_NAME=<socket_path>``.
``python -m drivers.virtual_pcsc`` is the helper inside the namespaces; it obeys lines on stdin
and ends with it.
"""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Self

from drivers.ports import DriverError, DriverUnavailableError
from drivers.virtual_card import VPCD_PORT, VirtualCard

READER_NAME = "Gatehouse Virtual Reader 00 00"
"""Value for the driver's ``reader``: vpcd always shows two slots, the cards are played on the first."""

_FRIENDLY_NAME = "Gatehouse Virtual Reader"
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_BUNDLES = Path("/usr/lib/pcsc/drivers")
_RUN = Path("/run")
_SOCKET = _RUN / "pcscd" / "pcscd.comm"
_ANSWER_WITHIN_S = 10.0
_READ_WITHIN_S = 3.0
_SETTLE_S = 0.5
"""pcscd asks vpcd every 400 ms: a shorter stay, or a shorter absence, may go unseen."""
_POLL_S = 0.005
_READY_WITHIN_POLLS = 400
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41


def why_unavailable() -> str:
    """Why a virtual reader cannot run here, with the cure; empty if it can."""
    if shutil.which("pcscd") is None or not _DRIVER.exists():
        return "pcscd or vpcd is missing; apt-get install pcscd vsmartcard-vpcd"
    if os.geteuid() != 0:
        return "private namespaces need root"
    if _run("unshare", "-m", "-n", "true").returncode:
        return "this kernel or container refuses private namespaces (unshare -m -n)"
    return ""


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed words


class VirtualPcsc:
    """A running private pcscd; use as a context manager or call ``close``."""

    def __init__(self) -> None:
        """Start it and wait until it takes clients.

        Raises:
            DriverUnavailableError: packages, namespaces or the start itself failed.
        """
        if cause := why_unavailable():
            raise DriverUnavailableError(f"virtual PC/SC reader: {cause}")
        command = ["unshare", "-m", "-n", sys.executable, "-m", "drivers.virtual_pcsc"]
        self._helper = subprocess.Popen(  # noqa: S603 - fixed words
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,  # a Ctrl-C is for its owner, who then closes it in order
        )
        self.service_pid = 0
        """Process id of pcscd, to freeze or kill it; 0 while stopped."""
        try:
            self.start_service()
        except DriverError:
            self.close()
            raise

    @property
    def socket_path(self) -> Path:
        """Value for ``PCSCLITE_CSOCK_NAME``; the same over restarts of pcscd."""
        return Path(f"/proc/{self._helper.pid}/root{_SOCKET}")

    def insert(self, number: bytes) -> None:
        """Lay a card on the reader; it stays until ``remove``."""
        self._command(f"insert {number.hex()}")

    def remove(self) -> None:
        """Take the card away and let pcscd notice."""
        self._command("remove")

    def tap(self, number: bytes) -> bool:
        """Hold a card to the reader until it was read (3 s at most) and take it away; was it read?"""
        return self._command(f"tap {number.hex()}") == "read"

    def kill_service(self) -> None:
        """pcscd dies at once, as by a crash."""
        self._command("kill")
        self.service_pid = 0

    def start_service(self) -> None:
        """Start pcscd (again); returns when it takes clients."""
        self.service_pid = int(self._command("start"))

    def close(self) -> None:
        """End pcscd and the namespaces. May be called twice."""
        if self._helper.stdin is not None:
            self._helper.stdin.close()
        try:
            self._helper.wait(timeout=_ANSWER_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._helper.kill()
            self._helper.wait()
        if self._helper.stdout is not None:
            self._helper.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _command(self, line: str) -> str:
        requests, answers = self._helper.stdin, self._helper.stdout
        if requests is None or answers is None or requests.closed:
            raise DriverUnavailableError("virtual PC/SC reader: closed")
        try:
            requests.write(line + "\n")
        except OSError as error:
            raise DriverUnavailableError("virtual PC/SC reader: its helper has ended") from error
        ready, _, _ = select.select([answers], [], [], _ANSWER_WITHIN_S)
        word, _, rest = (answers.readline() if ready else "error no answer").strip().partition(" ")
        if word != "ok":
            raise DriverUnavailableError(
                f"virtual PC/SC reader: {line.split(maxsplit=1)[0]}: {rest or 'helper ended'}"
            )
        return rest


class _Helper:
    """Inside the namespaces: owns pcscd and the card."""

    def __init__(self) -> None:
        self._pcscd: subprocess.Popen[bytes] | None = None
        self._card: VirtualCard | None = None
        self._pause = threading.Event()

    def serve(self, requests: IO[str]) -> None:
        """Obey one line after the other until the other side closes."""
        for line in requests:
            try:
                rest = self._obey(*line.split())
            except (DriverError, OSError, ValueError, TypeError) as error:
                print(f"error {error}", flush=True)  # noqa: T201 - the answer channel
            else:
                print(f"ok {rest}", flush=True)  # noqa: T201 - the answer channel
        self._kill()

    def _obey(self, verb: str, number: str = "") -> str:
        match verb:
            case "start":
                return self._start()
            case "kill":
                self._kill()
            case "insert":
                self._insert(number)
            case "remove":
                self._remove()
            case "tap":
                was_read = self._insert(number).wait_read(_READ_WITHIN_S)
                self._remove()
                return "read" if was_read else "unread"
            case _:
                raise ValueError(f"unknown command {verb}")
        return ""

    def _start(self) -> str:
        _SOCKET.unlink(missing_ok=True)
        options = ["--foreground", "--error", "--config", str(_RUN / "reader.conf")]
        if b"--disable-polkit" in _run("pcscd", "--help").stdout:
            options.append("--disable-polkit")  # no D-Bus in here; only root reaches the socket
        # pcscd must not outlive this process, however that ends.
        command = ["setpriv", "--pdeathsig", "KILL", "pcscd", *options]
        self._pcscd = subprocess.Popen(command, stdout=sys.stderr)  # noqa: S603 - fixed words
        for _ in range(_READY_WITHIN_POLLS):
            if self._pcscd.poll() is not None:
                raise DriverUnavailableError(f"pcscd ended at once with {self._pcscd.returncode}")
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(_SOCKET)) == 0:
                    return str(self._pcscd.pid)
            self._pause.wait(_POLL_S)
        raise DriverUnavailableError("pcscd does not open its socket")

    def _kill(self) -> None:
        if self._card is not None:
            self._card.remove()
            self._card = None
        if self._pcscd is not None:
            self._pcscd.send_signal(signal.SIGKILL)
            self._pcscd.wait()
            self._pcscd = None

    def _insert(self, number: str) -> VirtualCard:
        self._remove()
        self._card = VirtualCard(bytes.fromhex(number))
        return self._card

    def _remove(self) -> None:
        if self._card is not None:
            self._card.remove()
            self._card = None
            self._pause.wait(_SETTLE_S)


def _enter_world() -> None:
    """Make the namespaces liveable: loopback up, an empty /run, no USB drivers, one virtual reader."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))
    driver = _DRIVER.read_bytes()
    for folder in (_RUN, _BUNDLES):
        _run("mount", "-t", "tmpfs", "tmpfs", str(folder)).check_returncode()
    _SOCKET.parent.mkdir()
    library = _RUN / _DRIVER.name
    library.write_bytes(driver)
    (_RUN / "reader.conf").write_text(
        f'FRIENDLYNAME "{_FRIENDLY_NAME}"\nDEVICENAME /dev/null:0x{VPCD_PORT:X}\n'
        f"LIBPATH {library}\nCHANNELID 0x{VPCD_PORT:X}\n"
    )


if __name__ == "__main__":
    _enter_world()
    _Helper().serve(sys.stdin)
