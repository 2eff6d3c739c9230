"""Reading an update file, and telling a running gate about another list."""

from __future__ import annotations

from pathlib import Path

from sync.envelope import MAX_ENVELOPE_BYTES
from sync.refusal import ListRefusedError, OversizeError
from terminal.cli._answer import EXIT_NO, EXIT_NO_INPUT, CommandFailedError, Fields
from terminal.cli._connection import Connection
from terminal.config import Config


def read_update(path: Path) -> bytes:
    """The file's bytes; never more than an update may have.

    Raises:
        OversizeError: it is longer.
        CommandFailedError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ENVELOPE_BYTES + 1)
    except OSError as error:
        raise CommandFailedError(f"{path}: cannot be read ({error.strerror})", EXIT_NO_INPUT) from error
    if len(data) > MAX_ENVELOPE_BYTES:
        raise OversizeError(
            f"the file has more than {MAX_ENVELOPE_BYTES} bytes, no update is that long: take the right file"
        )
    return data


def refusal(path: Path, refused: ListRefusedError) -> CommandFailedError:
    """A refused update as a command's failure: file, attack word, text."""
    return CommandFailedError(
        f"{path}: refused, {refused.attack}: {refused}", EXIT_NO, attack=refused.attack, why=str(refused)
    )


def tell_gate(config: Config) -> Fields:
    """Let a running gate look at its list at once; it also finds out by itself."""
    try:
        with Connection(config.control_socket) as gate:
            return {"gate_uses": gate.ask({"command": "list_changed"})["version"]}
    except CommandFailedError as error:
        return {"gate_uses": None, "gate_not_told": str(error)}
