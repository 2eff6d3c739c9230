"""The page on the protocol says what the code does."""

from __future__ import annotations

from scripts.protocol_tables import PAGE, TABLES, written
from sync.messages import MAX_MESSAGE_BYTES
from sync.session_events import NETWORK_PACE, SERIAL_PACE

TEXT = PAGE.read_text("utf-8")


def test_every_table_is_as_the_code_has_it() -> None:
    assert written(TEXT) == TEXT, "run: python -m scripts.protocol_tables"
    assert all(f"<!-- {name}: from the code -->" in TEXT for name in TABLES)


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    for number in (
        MAX_MESSAGE_BYTES,
        NETWORK_PACE.piece_bytes,
        SERIAL_PACE.piece_bytes,
        NETWORK_PACE.window_bytes,
        SERIAL_PACE.window_bytes,
    ):
        assert f"{number:,}" in TEXT
    for pace in (NETWORK_PACE, SERIAL_PACE):
        assert f"{pace.pulse_s:g} s" in TEXT
        assert f"{pace.silence_s:g} s" in TEXT
