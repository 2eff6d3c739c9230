"""Two network namespaces joined by a wire in user space, whose weather a test changes.

The namespaces have no names: the kernel drops them with the last descriptor, sockets and
processes in them, so nothing is left behind whatever happens. Needs root and /dev/net/tun.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct

CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
_TUNSETIFF: Final = 0x400454CA  # linux/if_tun.h
_IFF_TUN_NO_PI: Final = 0x1001
_PACKET_BYTES: Final = 2048
_NAME: Final = "wire0"
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Weather(Struct, frozen=True):
    """What happens to packets on the wire, both ways."""

    delay_s: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    cut: bool = False
    """Every packet is swallowed in silence: to TCP, the other side has vanished."""


CLEAR: Final = Weather()
CUT: Final = Weather(cut=True)


class Network(Struct, frozen=True):
    """A network namespace with one end of the wire."""

    address: str
    namespace: int
    """Open descriptor of it."""
    tun: int

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets made and processes started by this thread meanwhile are in this network, and stay in it."""
        before = _current()
        try:
            _enter(self.namespace)
            yield
        finally:
            _enter(before)
            os.close(before)


class Wire:
    """Carries packets between the two ends, in a thread, until it is ended."""

    def __init__(self, ends: tuple[int, int], seed: int) -> None:
        self.weather = CLEAR
        """May be changed at any time."""
        self._other = {ends[0]: ends[1], ends[1]: ends[0]}
        self._chance = random.Random(seed)
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wire between networks")
        self._thread.start()

    def end(self) -> None:
        """Stop carrying."""
        os.close(self._end)
        self._thread.join()
        os.close(self._ended)

    def _carry(self) -> None:
        while True:
            due = self._under_way[0][0] - time.monotonic() if self._under_way else None
            ready, _, _ = select.select(
                [*self._other, self._ended], [], [], None if due is None else max(0, due)
            )
            if self._ended in ready:
                return
            for end in ready:
                self._take(end)
            while self._under_way and self._under_way[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(self._under_way)
                _put(end, packet)

    def _take(self, end: int) -> None:
        packet = os.read(end, _PACKET_BYTES)
        weather = self.weather
        if weather.cut or self._chance.random() < weather.loss:
            return
        for _ in range(2 if self._chance.random() < weather.duplication else 1):
            self._count += 1
            arrival = time.monotonic() + weather.delay_s
            heapq.heappush(self._under_way, (arrival, self._count, self._other[end], packet))


@contextmanager
def two_networks(seed: int = 1) -> Iterator[tuple[Network, Network, Wire]]:
    """Two networks and the wire between them; skips the test where they cannot be had."""
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists() or shutil.which("ip") is None:
        pytest.skip("needs root, /dev/net/tun and iproute2")
    networks: list[Network] = []
    try:
        # RFC 5737: addresses for documentation
        networks.extend(_network(f"192.0.2.{number}") for number in (1, 2))
        wire = Wire((networks[0].tun, networks[1].tun), seed)
        try:
            yield networks[0], networks[1], wire
        finally:
            wire.end()
    finally:
        for one in networks:
            os.close(one.tun)
            os.close(one.namespace)


def _network(address: str) -> Network:
    before = _current()
    try:
        if _LIBC.unshare(CLONE_NEWNET):
            pytest.skip(f"no network namespace can be made: {os.strerror(ctypes.get_errno())}")
        namespace = _current()
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", _NAME.encode(), _IFF_TUN_NO_PI))
        for command in (
            "link set lo up",
            f"addr add {address}/24 dev {_NAME}",
            f"link set {_NAME} up mtu 1400",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        return Network(address, namespace, tun)
    finally:
        _enter(before)
        os.close(before)


def _put(end: int, packet: bytes) -> None:
    try:
        os.write(end, packet)
    except OSError as error:
        if error.errno not in (errno.EIO, errno.EINVAL):  # the interface is going down
            raise


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
