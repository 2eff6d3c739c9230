"""The desk's web server, with the watcher and, where wanted, the hub as processes of their own beside it.

Whatever happens to one of the three, the others go on; one that ends is started again.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from office.errors import OfficeError
from office.site.ending import Ending

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS: Final = 8
STOP_WITHIN_S: Final = 10.0
PAUSES_S: Final = (1.0, 5.0, 30.0)
"""Before a process that ended is started again; the last one for ever."""
STEADY_AFTER_S: Final = 60.0
"""A process that served that long starts again with the first pause."""
MAX_REQUEST_BYTES: Final = 256 << 20
"""An import's tables together; anything larger is refused before it is read."""


class Serving(Struct, frozen=True):
    """How the desk is served."""

    listen: str
    address: str
    """What a browser is given to open."""
    secure: bool
    """Browsers speak HTTPS to a proxy."""
    proxy: str
    """The address from which the proxy comes; where ``secure``, it and nobody else is believed."""
    beside: Sequence[tuple[str, Sequence[str]]]
    """Names and commands of the processes that run beside it."""


def serve(serving: Serving, application: WSGIApplication, ending: Ending) -> None:
    """Serve until the end is asked for.

    Raises:
        OfficeError: the address cannot be had; which option, and why.
    """
    import waitress  # noqa: PLC0415 - only here

    try:
        watched = {ending.fileno(): _EndOfLoop()}
        server = waitress.create_server(application, map=watched, **server_options(serving))
    except (OSError, ValueError) as error:
        raise OfficeError(f"--listen {serving.listen}: {error}") from None
    with ExitStack() as clearing:
        clearing.callback(server.close)
        for name, command in serving.beside:
            clearing.enter_context(kept_running(name, command))
        settle()
        sys.stderr.write(f"office: the desk is at {serving.address} (it listens at {serving.listen})\n")
        server.run()


class _EndOfLoop:
    """The end that is asked for, among the sockets of waitress's loop."""

    accepting = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        raise SystemExit  # taken by `server.run`: nothing else is going on here, and it ends its threads

    def close(self) -> None:
        """The descriptor is not waitress's."""


def settle() -> None:
    """Read all pages' code now, and let the garbage collector pass by what is there.

    It is there to stay, and to walk it took a page now and then 50 ms longer than the others.
    """
    from django.urls import get_resolver  # noqa: PLC0415 - after setup

    get_resolver().url_patterns  # noqa: B018 - reads them
    gc.collect()
    gc.freeze()


def server_options(serving: Serving) -> dict[str, Any]:
    """What waitress is told: without a proxy no header says who somebody is, or by which way they came.

    Raises:
        OfficeError: ``proxy`` is no address.
    """
    options: dict[str, Any] = {
        "listen": serving.listen,
        "threads": THREADS,
        "ident": None,
        "max_request_body_size": MAX_REQUEST_BYTES,
    }
    if serving.secure:
        try:
            options["trusted_proxy"] = str(ip_address(serving.proxy))
        except ValueError:
            raise OfficeError(
                f"--proxy: {serving.proxy!r} is no IP address; give the one from which the proxy comes"
            ) from None
        options["trusted_proxy_headers"] = {"x-forwarded-for", "x-forwarded-proto"}
    return options


@contextmanager
def kept_running(name: str, command: Sequence[str]) -> Iterator[None]:
    """A process that is started again whenever it ends; it ends with the block."""
    keeper = _Keeper(name, command)
    thread = threading.Thread(target=keeper.run, name=f"keeper of {name}")
    thread.start()
    try:
        yield
    finally:
        keeper.stop()
        thread.join()


class _Keeper:
    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = command
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Until `stop`."""
        ends = 0
        while not self._stopping.is_set():
            how, was_steady = self._until_it_ends()
            ends = 0 if was_steady else ends
            pause_s = PAUSES_S[min(ends, len(PAUSES_S) - 1)]
            ends += 1
            if not self._stopping.is_set():
                sys.stderr.write(f"office: the {self._name} {how}; it is started again in {pause_s:.0f} s\n")
            self._stopping.wait(pause_s)

    def stop(self) -> None:
        """End the process, and start no other."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is not None:
            end_process(process)

    def _until_it_ends(self) -> tuple[str, bool]:
        """How it ended, and whether it had served steadily."""
        try:
            process = self._start()
        except OSError as error:  # no process more, or no memory, for the moment
            return f"could not be started ({error.strerror})", False
        if process is None:
            return "is not wanted any more", False
        try:
            return _how(process.wait(STEADY_AFTER_S)), False
        except subprocess.TimeoutExpired:
            return _how(process.wait()), True

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            # A group of its own: Ctrl-C asks the desk, which ends it without a word about starting it again.
            self._process = subprocess.Popen(self._command, process_group=0)  # noqa: S603 - our own
            return self._process


def end_process(process: subprocess.Popen[bytes], within_s: float = STOP_WITHIN_S) -> None:
    """Ask it to end, and end it if it does not in time."""
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _how(code: int) -> str:
    return f"ended (signal {-code})" if code < 0 else f"ended (exit code {code})"
