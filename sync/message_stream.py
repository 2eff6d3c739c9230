"""Messages in a stream of bytes: a varint length, then the message. Bounded in both directions."""

from __future__ import annotations

from collections import deque
from typing import Final

from sync.codec import CodecError
from sync.message_codec import encode_message
from sync.messages import MAX_MESSAGE_BYTES, Message
from sync.varint import append_varint

LENGTH_BYTES: Final = 3
"""Three bytes of a varint say up to 2 MiB; no message comes near it."""


class MessageReader:
    """Cuts a stream into messages."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._received += data

    def next_message(self) -> bytes | None:
        """The bytes of the next whole message; its length is judged before it is waited for.

        Raises:
            CodecError: the length is beyond what any message may have.
        """
        length = 0
        for at, byte in enumerate(self._received[:LENGTH_BYTES]):
            length |= (byte & 0x7F) << 7 * at
            if byte < 0x80:
                return self._cut(at + 1, length)
        if len(self._received) >= LENGTH_BYTES:
            raise CodecError("a message's length has too many bytes")
        return None

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits for the rest of its message."""
        return not self._received

    def clear(self) -> None:
        """Forget what has come."""
        self._received.clear()

    def _cut(self, start: int, length: int) -> bytes | None:
        if length > MAX_MESSAGE_BYTES:
            raise CodecError(f"oversize: a message of {length} bytes, allowed are {MAX_MESSAGE_BYTES}")
        end = start + length
        if len(self._received) < end:
            return None
        message = bytes(self._received[start:end])
        del self._received[:end]
        return message


class Outbox:
    """What waits for the stream: the urgent before the bulk, each in its order."""

    def __init__(self) -> None:
        self._urgent: deque[bytes] = deque()
        self._bulk: deque[bytes] = deque()
        self.urgent_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._urgent or self._bulk)

    def put(self, message: Message) -> None:
        """Queue an urgent message."""
        data = framed(message)
        self._urgent.append(data)
        self.urgent_bytes += len(data)

    def put_bulk(self, message: Message) -> None:
        """Queue a message that gives way to urgent ones."""
        self._bulk.append(framed(message))

    def take(self) -> bytes | None:
        """The next message with its length."""
        if self._urgent:
            data = self._urgent.popleft()
            self.urgent_bytes -= len(data)
            return data
        return self._bulk.popleft() if self._bulk else None

    def drop_bulk(self) -> None:
        """Forget what is not urgent."""
        self._bulk.clear()


def framed(message: Message) -> bytes:
    """A message with its length before it; raises ``CodecError`` beyond the cap."""
    body = encode_message(message)
    data = bytearray()
    append_varint(data, len(body))
    return bytes(data + body)
