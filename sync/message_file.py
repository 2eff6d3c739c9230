"""Messages of a session in a file: what a stick carries between gate and office.

A line that names the format, then messages as in a stream. Receipts and log batches are
signed by the gate, so a file needs no other protection against those who carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from sync.codec import CodecError
from sync.message_codec import decode_message
from sync.message_stream import MessageReader, framed
from sync.messages import Message

MAGIC: Final = b"gatehouse file 1\n"
CHUNK_BYTES: Final = 65_536


def write_messages(file: BinaryIO, messages: Iterable[Message]) -> int:
    """Write a file of messages; how many."""
    file.write(MAGIC)
    count = 0
    for one in messages:
        file.write(framed(one))
        count += 1
    return count


def read_messages(file: BinaryIO) -> Iterator[Message]:
    """The messages of a file, one at a time; kinds of a later version are passed over.

    Raises:
        CodecError: not such a file, damaged, or cut short (what came before is good).
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise CodecError(
            "not a file of messages: its first line is another; take the file from the gate anew"
        )
    reader = MessageReader()
    while chunk := file.read(CHUNK_BYTES):
        reader.feed(chunk)
        while (data := reader.next_message()) is not None:
            message = decode_message(data)
            if isinstance(message, Message):
                yield message
    if not reader.is_empty:
        raise CodecError("the file is cut short: copy it anew; what stands before the cut was taken")
