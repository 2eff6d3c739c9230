"""A contactless card for vsmartcard's virtual reader (vpcd): connect = insert, close = take away."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

VPCD_PORT = 0x8C7B
"""vpcd's usual port; it listens inside a network namespace of its own."""
MIFARE_CLASSIC_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""Storage card, ISO 14443 A (PC/SC part 3)."""

_GET_NUMBER = bytes.fromhex("FFCA0000")
_GET_ATR = b"\x04"
_CONNECT_WITHIN_S = 5.0


def answer(command: bytes, number: bytes) -> bytes:
    """The card's answer to one APDU: its number, or "instruction not supported"."""
    return number + b"\x90\x00" if command.startswith(_GET_NUMBER) else b"\x6d\x00"


class VirtualCard:
    """One card in the field from construction until ``remove``."""

    def __init__(self, number: bytes, *, atr: bytes = MIFARE_CLASSIC_ATR, port: int = VPCD_PORT) -> None:
        self._number = number
        self._atr = atr
        self._was_read = threading.Event()
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_CONNECT_WITHIN_S)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._serve, name="virtual card", daemon=True)
        self._thread.start()

    def wait_read(self, timeout_s: float) -> bool:
        """Wait until somebody has read the number."""
        return self._was_read.wait(timeout_s)

    def remove(self) -> None:
        """Take the card away. May be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=1.0)

    def _serve(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                (size,) = struct.unpack(">H", self._receive(2))
                message = self._receive(size)
                if message == _GET_ATR:
                    self._send(self._atr)
                elif size > 1:  # one byte: power off, on, reset; no answer is expected
                    reply = answer(message, self._number)
                    self._send(reply)
                    if reply.startswith(self._number):
                        self._was_read.set()

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            # vpcd writes header and body apart: with delayed acknowledgement each costs 41 ms.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def _send(self, data: bytes) -> None:
        self._socket.sendall(struct.pack(">H", len(data)) + data)
