"""The gate's word to the office as a file: its log's announcement, its receipt, its events."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sync.message_file import write_messages
from sync.messages import LogEpochSent, Message, ReceiptSent
from terminal.agent.log_source import LogSource
from terminal.stores.errors import StoreError

BATCH_BYTES: Final = 32_768


def log_messages(log: LogSource, *, after: int, receipt: bytes | None) -> Iterator[Message]:
    """What the office takes in: everything after event ``after``, and how the list stands.

    Raises:
        StoreError: the log cannot be read.
    """
    announcement = log.announcement()
    state = log.state()
    if announcement is None or state is None:
        raise StoreError("there is no usage log that can be read; has this gate ever started?")
    yield LogEpochSent(announcement)
    if receipt is not None:
        yield ReceiptSent(receipt)
    while (batch := log.batch(state.epoch, after, BATCH_BYTES)) is not None:
        yield batch
        after = batch.first + len(batch.entries) - 1


def write_export(path: Path, messages: Iterator[Message]) -> int:
    """Write the file whole or not at all; how many messages. Raises ``StoreError``."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        with temporary.open("wb") as file:
            count = write_messages(file, messages)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a stick that was pulled or protects itself
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); is the medium full, or protected?"
        ) from error
    return count
