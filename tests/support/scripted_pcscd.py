"""A daemon that plays pcscd; its script comes line by line on stdin, each answered with ``ok``
(``answered``: with the monotonic second of a card's last answer).

It speaks pcsc-lite's client protocol 4:4 and 4:5 (winscard_msg.h) on a Unix socket.
`fake_pcscd.py` starts it and has a method for each line.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

MAX_READERS = 16
SUCCESS = 0
UNKNOWN_READER = 0x80100009
NO_CARD = 0x8010000C
READER_UNAVAILABLE = 0x80100017
INVALID_HANDLE = 0x80100003
UNRESPONSIVE_CARD = 0x80100066
REMOVED_CARD = 0x80100069
STATE_ABSENT, STATE_PRESENT, STATE_SWALLOWED, STATE_POWERED, STATE_NEGOTIABLE = 0x02, 0x04, 0x08, 0x10, 0x20
"""Reader states as they stand on the wire (pcsclite.h), which are not SCARD_STATE bits."""


class _Card(Struct):
    atr: bytes
    reply: bytes


class _Reader(Struct):
    card: _Card | None = None
    counter: int = 0
    failing: int = 0
    failure: int = SUCCESS
    due: dict[str, str] = field(default_factory=dict)
    """Request → line of the script that is obeyed just before it."""

    def move(self, card: _Card | None) -> None:
        self.card = card
        self.counter += 1

    def state(self) -> tuple[int, bytes]:
        if self.card is None:
            return STATE_ABSENT, b""
        if not self.card.atr:
            return STATE_PRESENT | STATE_SWALLOWED, b""
        return STATE_PRESENT | STATE_POWERED | STATE_NEGOTIABLE, self.card.atr


class _Daemon(Struct):
    readers: dict[str, _Reader] = field(default_factory=dict)
    waiting: set[socket.socket] = field(default_factory=set)
    handles: dict[int, tuple[_Reader, _Card]] = field(default_factory=dict)
    events: int = 0
    next_id: int = 0x1000
    answered_at: float = 0.0
    """Monotonic second at which a card's answer last went out."""

    # The script

    def obey(self, line: str) -> None:
        """Do one scripted line, then tell the clients that wait."""
        verb, name, *rest = line.rstrip("\n").split("\t")
        match verb:
            case "plug":
                self.readers[name] = _Reader(_card(*rest) if rest else None)
                self.events += 1
            case "unplug":
                del self.readers[name]
                self.events += 1
            case "lay":
                self.readers[name].move(_card(*rest))
            case "mute":
                self.readers[name].move(_Card(b"", b""))
            case "lift":
                self.readers[name].move(None)
            case "swap":
                self.readers[name].move(None)
                self.readers[name].move(_card(*rest))
            case "before":
                request, happens, *words = rest
                self.readers[name].due[request] = "\t".join([happens, name, *words])
                return
            case "fail":
                self.readers[name].failure, self.readers[name].failing = int(rest[0]), int(rest[1])
                return
            case _:
                raise ValueError(verb)
        for client in list(self.waiting):
            self.waiting.discard(client)
            with contextlib.suppress(OSError):
                client.sendall(struct.pack("<II", 0, SUCCESS))

    # The protocol: struct layouts of winscard_msg.h

    def serve(self, client: socket.socket) -> bool:
        """Answer one request; False when the client has gone."""
        header = _receive(client, 8)
        if header is None:
            return False
        size, command = struct.unpack("<II", header)
        body = _receive(client, size) if size else b""
        if body is None:
            return False
        reply = self._reply(client, command, body)
        with contextlib.suppress(OSError):
            client.sendall(reply)
        return True

    def _reply(self, client: socket.socket, command: int, body: bytes) -> bytes:
        match command:
            case 0x04:
                return self._connect(body)
            case 0x06:  # disconnect: handle, disposition, rv
                self.handles.pop(struct.unpack_from("<I", body)[0], None)
                return body[:8] + struct.pack("<I", SUCCESS)
            case 0x09:
                return self._transmit(client, body)
            case 0x12:
                return self._states()
            case 0x13:
                self.waiting.add(client)
                return self._states()
            case _:
                return self._brief(client, command, body)

    def _brief(self, client: socket.socket, command: int, body: bytes) -> bytes:
        match command:
            case 0x01:  # establish context: scope, context, rv
                return struct.pack("<III", *struct.unpack_from("<I", body), self._new_id(), SUCCESS)
            case 0x02:  # release context: context, rv
                return body[:4] + struct.pack("<I", SUCCESS)
            case 0x11:  # version: the client's own is taken
                return body[:8] + struct.pack("<I", SUCCESS)
            case 0x14 if client not in self.waiting:  # stop waiting: its event is on the way already
                return b""
            case 0x14:
                self.waiting.discard(client)
                return struct.pack("<II", 0, SUCCESS)
            case 0x15:  # reader events (4:5)
                return struct.pack("<II", self.events, SUCCESS)
            case _:
                raise ValueError(f"request 0x{command:02x} is not played")

    def _states(self) -> bytes:
        states = b""
        for name, reader in self.readers.items():
            state, atr = reader.state()
            protocol = 2 if atr else 0
            states += struct.pack(
                "<128sIIi33s3xII", name.encode(), reader.counter, state, 0, atr, len(atr), protocol
            )
        return states.ljust(184 * MAX_READERS, b"\0")

    def _connect(self, body: bytes) -> bytes:
        context, name, share, protocols, *_ = struct.unpack("<I128sIIiII", body)
        reader = self._found("connect", self.readers.get(name.rstrip(b"\0").decode()))
        handle, code = 0, SUCCESS
        if reader is None:
            code = UNKNOWN_READER
        elif reader.card is None:
            code = NO_CARD
        elif not reader.card.atr:
            code = UNRESPONSIVE_CARD
        else:
            handle = self._new_id()
            self.handles[handle] = (reader, reader.card)
        return struct.pack("<I128sIIiII", context, name, share, protocols, handle, 2 if handle else 0, code)

    def _transmit(self, client: socket.socket, body: bytes) -> bytes:
        fields = list(struct.unpack("<iIIIIIII", body))
        _receive(client, fields[3])
        reader, card = self.handles.get(fields[0], (None, None))
        reply, code = b"", SUCCESS
        if reader is None or card is None:
            code = INVALID_HANDLE
        elif self._found("transmit", reader) is None:
            code = READER_UNAVAILABLE
        elif reader.failing:
            reader.failing -= 1
            code = reader.failure
        elif reader.card is not card:
            code = REMOVED_CARD
        else:
            reply = card.reply
            self.answered_at = time.monotonic()
        fields[6:] = [len(reply), code]
        return struct.pack("<iIIIIIII", *fields) + reply

    def _found(self, request: str, reader: _Reader | None) -> _Reader | None:
        """What is left of ``reader`` after what had to happen before this request."""
        match None if reader is None else reader.due.pop(request, None):
            case None:
                pass
            case line if line.startswith("freeze"):
                os.kill(os.getpid(), signal.SIGSTOP)
            case line if line.startswith("die"):
                os._exit(1)
            case line:
                self.obey(line)
        return reader if any(one is reader for one in self.readers.values()) else None

    def _new_id(self) -> int:
        self.next_id += 1
        return self.next_id


def _card(atr: str, reply: str) -> _Card:
    return _Card(bytes.fromhex(atr), b"" if reply == "-" else bytes.fromhex(reply))


def _receive(client: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            chunk = client.recv(size - len(data))
        except OSError:
            return None
        if not chunk:
            return None
        data += chunk
    return data


def _main(path: Path) -> None:
    path.unlink(missing_ok=True)
    daemon = _Daemon()
    selector = selectors.DefaultSelector()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(16)

        def accept() -> bool:
            client, _ = server.accept()
            selector.register(client, selectors.EVENT_READ, lambda: serve(client))
            return True

        def serve(client: socket.socket) -> bool:
            if not daemon.serve(client):
                daemon.waiting.discard(client)
                selector.unregister(client)
                client.close()
            return True

        def script() -> bool:
            line = os.read(0, 4096).decode()
            for one in line.splitlines():
                if one == "answered":
                    os.write(1, b"%r\n" % daemon.answered_at)
                    continue
                daemon.obey(one)
                os.write(1, b"ok\n")
            return bool(line)

        selector.register(server, selectors.EVENT_READ, accept)
        selector.register(0, selectors.EVENT_READ, script)
        os.write(1, b"ok\n")
        going = True
        while going:
            for key, _ in selector.select():
                act: Callable[[], bool] = key.data
                going = act() and going


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
