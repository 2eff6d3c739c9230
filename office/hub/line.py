"""How sessions behave on each kind of line."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.session_events import NETWORK_PACE, SERIAL_PACE, Pace


class Line(Struct, frozen=True):
    """Pace of the session, and how much is handed to the stream at a time."""

    pace: Pace
    helping_bytes: int


NETWORK_LINE: Final = Line(NETWORK_PACE, 32_768)
SERIAL_LINE: Final = Line(SERIAL_PACE, SERIAL_PACE.piece_bytes)
