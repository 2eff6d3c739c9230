"""OSDP's words and ours: packets found on the wire, cards, keys, patterns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.indicator import Signal
from drivers.ports import CardRead, ReadFailed, Technology
from drivers.readers import _osdp_wire as wire
from drivers.readers._osdp_wire import ReplyWatch, ask_status, card, commands, dark, is_tampered, keys
from drivers.readers._wiegand_formats import FORMATS
from tests.support.patterns import PATTERNS
from tests.support.wiegand import frame_of

FORMAT_LIST = [FORMATS[name] for name in ("26", "34", "37")]
REPLY = bytes.fromhex("53850800044006b3")
COMMAND = bytes.fromhex("530508000460aabb")


class TestReplyWatch:
    @pytest.mark.parametrize("before", [b"", b"\xff", b"\0\xff\x53\0", b"\x53\x53", COMMAND, b"\x53\x85\1\0"])
    @pytest.mark.parametrize("cut", range(len(REPLY) + 1))
    def test_a_reply_is_whole_with_its_last_byte_whatever_stands_before(
        self, before: bytes, cut: int
    ) -> None:
        watch = ReplyWatch()
        watch.take(before + REPLY[:cut])
        assert watch.is_whole is (cut == len(REPLY))
        watch.take(REPLY[cut:])
        assert watch.is_whole

    def test_our_own_command_echoed_is_no_reply(self) -> None:
        watch = ReplyWatch()
        watch.take(COMMAND * 3)
        assert not watch.is_whole

    @given(st.lists(st.binary(max_size=400), max_size=20))
    def test_any_bytes_in_any_portions_leave_at_most_one_packet(self, portions: list[bytes]) -> None:
        watch = ReplyWatch()
        for portion in portions:
            watch.take(portion)
            assert watch.is_whole or len(watch._bytes) < wire.LONGEST_PACKET


def event(data: bytes, bits: int | None = None, form: int = 0) -> dict[str, Any]:
    length = 8 * len(data) if bits is None else bits
    return {"event": wire.EVENT_CARD, "reader_no": 0, "format": form, "length": length, "data": data}


class TestCard:
    @pytest.mark.parametrize("form", [0, 1])
    def test_a_frame_with_parity_is_the_same_number_as_over_two_lines(self, form: int) -> None:
        data = (frame_of(FORMATS["26"], 0x7B11D7) << 6).to_bytes(4, "big")
        assert card(event(data, 26, form), FORMAT_LIST, 1.5) == CardRead(
            Technology.WIEGAND, bytes.fromhex("7b11d7"), 24, 1.5
        )

    @pytest.mark.parametrize(("data", "bits"), [("04a1b2c3", 32), ("04a1b2c3d4e5f6", 56), ("80", 1)])
    def test_any_other_length_is_taken_as_it_is(self, data: str, bits: int) -> None:
        raw = bytes.fromhex(data)
        number = (int.from_bytes(raw, "big") >> (8 * len(raw) - bits)).to_bytes((bits + 7) // 8, "big")
        assert card(event(raw, bits), FORMAT_LIST, 0.0) == CardRead(Technology.WIEGAND, number, bits, 0.0)

    def test_without_formats_no_bit_is_taken_out(self) -> None:
        read = card(event(b"\xff\xff\xff\xc0", 26), [], 0.0)
        assert read == CardRead(Technology.WIEGAND, b"\x03\xff\xff\xff", 26, 0.0)

    @pytest.mark.parametrize(
        ("told", "cause"),
        [
            (event(b"\0\0\0\0", 26), "wrong parity"),
            (event(b"1234", form=2), "cannot be read"),
            (event(b"", 0), "cannot be read"),
            (event(b"12", 33), "cannot be read"),
        ],
    )
    def test_what_gives_no_number_is_told(self, told: dict[str, Any], cause: str) -> None:
        read = card(told, FORMAT_LIST, 2.0)
        assert isinstance(read, ReadFailed)
        assert cause in read.cause

    @given(st.binary(max_size=70), st.integers(-1, 600), st.integers(0, 255))
    def test_any_answer_is_a_card_or_told(self, data: bytes, bits: int, form: int) -> None:
        read = card(event(data, bits, form), FORMAT_LIST, 0.0)
        assert isinstance(read, ReadFailed) or len(read.number) == (read.bits + 7) // 8


def test_keys_are_digits_star_and_hash_in_both_spellings() -> None:
    assert keys(b"0189\x7f*\r#A\0\xff") == [*"0189**##"]


@pytest.mark.parametrize(
    ("kind", "report", "tampered"),
    [(2, b"\1\0", True), (2, b"\0\1", False), (0, b"\1\1", None), (2, b"", None)],
)
def test_only_a_local_status_tells_of_the_housing(kind: int, report: bytes, tampered: bool | None) -> None:
    assert is_tampered({"event": wire.EVENT_STATUS, "type": kind, "report": report}) is tampered


class TestPatterns:
    def test_every_signal_is_told_apart_by_its_rhythm_on_lamp_and_buzzer(self) -> None:
        lamps, buzzers = set(), set()
        for signal in Signal:
            lamp, buzzer = commands(PATTERNS[signal], led=True, buzzer=True)
            lamps.add((lamp["on_count"], lamp["off_count"], lamp.get("timer_count")))
            buzzers.add((buzzer["on_count"], buzzer["off_count"], buzzer["rep_count"]))
        assert (len(lamps), len(buzzers)) == (len(Signal), len(Signal))

    def test_granted_is_one_long_green(self) -> None:
        lamp, buzzer = commands(PATTERNS[Signal.GRANTED], led=True, buzzer=True)
        assert (lamp["temporary"], lamp["control_code"], lamp["on_color"]) == (True, 2, 2)
        assert (lamp["on_count"], lamp["timer_count"]) == (10, 11)
        assert (buzzer["on_count"], buzzer["rep_count"], buzzer["control_code"]) == (10, 1, 2)

    def test_the_pre_alarm_stands_until_it_is_ended(self) -> None:
        lamp, buzzer = commands(PATTERNS[Signal.PRE_ALARM], led=True, buzzer=True)
        assert (lamp["temporary"], lamp["control_code"], buzzer["rep_count"]) == (False, 1, 0)
        off_lamp, off_buzzer = dark(led=True, buzzer=True)
        assert (off_lamp["on_color"], off_lamp["temporary"], off_buzzer["control_code"]) == (0, False, 1)

    def test_what_a_reader_does_not_have_is_not_commanded(self) -> None:
        for signal in Signal:
            assert commands(PATTERNS[signal], led=False, buzzer=False) == []
            assert [one["command"] for one in commands(PATTERNS[signal], led=True, buzzer=False)] == [2]
        assert dark(led=False, buzzer=False) == []


def test_our_numbers_are_the_librarys() -> None:
    library = pytest.importorskip("osdp_sys", exc_type=ImportError)
    assert (wire.CMD_LED, wire.CMD_BUZZER, wire.CMD_STATUS) == (
        library.CMD_LED,
        library.CMD_BUZZER,
        library.CMD_STATUS,
    )
    assert library.STATUS_REPORT_LOCAL == wire.LOCAL_STATUS == ask_status()["type"]
    assert (wire.EVENT_CARD, wire.EVENT_KEYS, wire.EVENT_STATUS, wire.EVENT_NOTIFICATION) == (
        library.EVENT_CARDREAD,
        library.EVENT_KEYPRESS,
        library.EVENT_STATUS,
        library.EVENT_NOTIFICATION,
    )
    assert wire.NOTIFY_SECURE_CHANNEL == library.EVENT_NOTIFICATION_SC_STATUS
    assert (library.CARD_FMT_RAW_UNSPECIFIED, library.CARD_FMT_RAW_WIEGAND) == wire.RAW_FORMATS
