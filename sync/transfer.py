"""Envelopes too large for one message: in pieces, resumable, one at a time, with a window.

The receiving end says how far it has come, the sending end never runs more than a window
ahead. An envelope is named by its SHA-256, so that a transfer goes on after a cut, on
another link or after a restart, wherever the pieces were kept.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Protocol

from sync.messages import Piece, Taken, Transfer


class TransferError(ValueError):
    """Pieces that do not belong to the announced envelope."""


class PieceStore(Protocol):
    """Where a gate keeps an envelope that has not come whole. One at a time."""

    def begin(self, digest: bytes, total: int) -> int:
        """Make room for this envelope; returns how much of it is here already."""

    def append(self, data: bytes) -> None:
        """Keep the next bytes."""

    def whole(self) -> bytes:
        """All bytes kept."""

    def forget(self) -> None:
        """Drop what is kept."""


class MemoryPieces:
    """A `PieceStore` that lives as long as its process."""

    def __init__(self) -> None:
        self._name: tuple[bytes, int] | None = None
        self._data = bytearray()

    def begin(self, digest: bytes, total: int) -> int:
        """See `PieceStore`."""
        if self._name != (digest, total):
            self._name = (digest, total)
            self._data = bytearray()
        return len(self._data)

    def append(self, data: bytes) -> None:
        """See `PieceStore`."""
        self._data += data

    def whole(self) -> bytes:
        """See `PieceStore`."""
        return bytes(self._data)

    def forget(self) -> None:
        """See `PieceStore`."""
        self._name = None
        self._data = bytearray()


class Incoming:
    """The receiving end."""

    def __init__(self, pieces: PieceStore, window_bytes: int) -> None:
        self._pieces = pieces
        self._window_bytes = window_bytes
        self._announced: Transfer | None = None
        self._have = 0
        self._told = 0

    def announced(self, transfer: Transfer) -> Taken:
        """A new envelope takes the place of any other; the answer says where to go on."""
        self._announced = transfer
        self._have = self._told = self._pieces.begin(transfer.digest, transfer.total)
        return Taken(transfer.digest, self._have)

    def piece(self, piece: Piece) -> Taken | None:
        """Keep a piece; an answer every half window, and at the end.

        Raises:
            TransferError: nothing was announced, a hole, or more than announced.
        """
        transfer = self._announced
        if transfer is None:
            raise TransferError("a piece of an envelope that was not announced")
        if piece.offset != self._have or not piece.data:
            raise TransferError(f"a piece at {piece.offset}, expected was {self._have}")
        if self._have + len(piece.data) > transfer.total:
            raise TransferError(f"more than the {transfer.total} bytes that were announced")
        self._pieces.append(piece.data)
        self._have += len(piece.data)
        if self._have < transfer.total and self._have - self._told < self._window_bytes // 2:
            return None
        self._told = self._have
        return Taken(transfer.digest, self._have)

    def take_whole(self) -> bytes | None:
        """The envelope, once it is whole; ``None`` before.

        Raises:
            TransferError: its bytes are not those announced; they are forgotten.
        """
        transfer = self._announced
        if transfer is None or self._have < transfer.total:
            return None
        data = self._pieces.whole()
        self._announced = None
        self._pieces.forget()
        if len(data) != transfer.total or sha256(data).digest() != transfer.digest:
            raise TransferError("the pieces do not make the envelope that was announced")
        return data


class Outgoing:
    """The sending end."""

    def __init__(self, envelope: bytes, *, piece_bytes: int, window_bytes: int) -> None:
        self._data = envelope
        self._piece_bytes = piece_bytes
        self._window_bytes = window_bytes
        self.digest = sha256(envelope).digest()
        self._taken: int | None = None
        """``None`` until the other end has said where to begin."""
        self._sent = 0

    @property
    def transfer(self) -> Transfer:
        """The announcement."""
        return Transfer(self.digest, len(self._data))

    @property
    def done(self) -> bool:
        """Whether the other end has all of it."""
        return self._taken is not None and self._taken >= len(self._data)

    def taken(self, taken: Taken) -> None:
        """The other end is so far.

        Raises:
            TransferError: it claims what was never sent.
        """
        if taken.digest != self.digest:
            return  # about an envelope before this one
        if taken.offset > len(self._data) or (self._taken is not None and taken.offset > self._sent):
            raise TransferError(f"{taken.offset} bytes are said to be taken, {self._sent} were sent")
        if self._taken is None:
            self._sent = taken.offset
        self._taken = max(taken.offset, self._taken or 0)

    def next_piece(self) -> Piece | None:
        """The next piece, if the window has room."""
        if self._taken is None or self._sent >= len(self._data):
            return None
        if self._sent - self._taken >= self._window_bytes:
            return None
        piece = Piece(self._sent, self._data[self._sent : self._sent + self._piece_bytes])
        self._sent += len(piece.data)
        return piece
