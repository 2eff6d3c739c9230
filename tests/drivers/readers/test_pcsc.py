"""The PC/SC reader through real libpcsclite and pyscard, against a scripted pcscd and its faults."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.ports import (
    CardRead,
    DriverLibraryError,
    DriverPermissionError,
    DriverUnavailableError,
    HealthChanged,
    Reader,
    ReaderEvent,
    ReadFailed,
    Technology,
)
from drivers.readers import pcsc
from drivers.readers._pcsc_service import COMM_ERROR, RESET_CARD
from drivers.readers.pcsc import READ_TRIES, Settings, choose_reader, open_reader
from tests.support.fake_pcscd import ICODE_ATR, MIFARE_CLASSIC_ATR, SRIX4K_ATR, FakePcscd, card
from tests.support.waiting import events_until, next_health, next_read, wait_readable

ACS = "ACS ACR122U PICC Interface 00 00"
ACS_REPLUGGED = "ACS ACR122U PICC Interface 01 00"
UTRUST = "Identiv uTrust 3700 F CL Reader [uTrust 3700 F] (55041234600001) 00 00"
FIRST = bytes.fromhex("01020304")
SECOND = bytes.fromhex("04112233445566")
ICODE = bytes.fromhex("E004010012345678")


class TestChooseReader:
    @pytest.mark.parametrize(
        ("settings", "there", "chosen"),
        [
            (Settings("ACS ACR122U"), (UTRUST, ACS), ACS),
            (Settings("ACS ACR122U"), (ACS_REPLUGGED,), ACS_REPLUGGED),
            (Settings(serial="55041234600001"), (ACS, UTRUST), UTRUST),
            (Settings(), (UTRUST,), UTRUST),
            (Settings(ACS), (ACS, ACS_REPLUGGED), ACS),
        ],
    )
    def test_by_start_of_name_or_serial(
        self, settings: Settings, there: tuple[str, ...], chosen: str
    ) -> None:
        assert choose_reader(settings, there) == chosen

    @pytest.mark.parametrize(
        ("settings", "there", "cause"),
        [
            (Settings("ACS"), (UTRUST,), "no reader fits reader = 'ACS'.*uTrust"),
            (Settings(), (), "there: none"),
            (Settings(), (ACS, UTRUST), "more than one"),
            (Settings("ACS"), (ACS, ACS_REPLUGGED), "more than one"),
            (Settings(serial="5504123460000"), (UTRUST,), "no reader fits.*serial = '5504123460000'"),
        ],
    )
    def test_never_guesses(self, settings: Settings, there: tuple[str, ...], cause: str) -> None:
        with pytest.raises(LookupError, match=cause):
            choose_reader(settings, there)


class TestOpening:
    def test_missing_pyscard_names_package_and_cure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # None in sys.modules is Python's own way to say "cannot be imported".
        monkeypatch.setitem(sys.modules, "smartcard", None)
        monkeypatch.delitem(sys.modules, "smartcard.scard", raising=False)
        with pytest.raises(DriverLibraryError, match=r"pyscard.*pip install '\.\[pcsc\]'"):
            open_reader(Settings(), time.monotonic)

    def test_missing_pcscd_names_package_and_cure(self, pcsc_socket: Path) -> None:
        with pytest.raises(DriverUnavailableError, match="install the Debian package pcscd"):
            open_reader(Settings(), time.monotonic)

    def test_socket_out_of_reach_is_a_matter_of_permission(
        self, pcsc_socket: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pcsc_socket.touch()
        # Root may do everything: only the kernel's answer is replaced.
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(DriverPermissionError, match="may not write to pcscd's socket"):
            open_reader(Settings(), time.monotonic)


@pytest.fixture
def daemon(pcsc_socket: Path) -> Iterator[FakePcscd]:
    with FakePcscd(pcsc_socket) as running:
        yield running


@pytest.fixture
def open_acs(daemon: FakePcscd) -> Iterator[Callable[[], Reader]]:
    opened: list[Reader] = []

    def open_it() -> Reader:
        opened.append(open_reader(Settings("ACS ACR122U"), time.monotonic))
        return opened[-1]

    yield open_it
    for reader in opened:
        reader.close()


@pytest.fixture
def reader(daemon: FakePcscd, open_acs: Callable[[], Reader]) -> Reader:
    """Open and well, with an empty ACR122U."""
    daemon.plug(ACS)
    opened = open_acs()
    next_health(opened, ok=True)
    return opened


def next_failure(reader: Reader) -> ReadFailed:
    failure = events_until(reader, lambda event: isinstance(event, ReadFailed | CardRead))[-1]
    assert isinstance(failure, ReadFailed)
    return failure


pcscd_part = pytest.mark.real_part("pyscard")


@pcscd_part
class TestCards:
    def test_two_cards_swapped_faster_than_can_be_seen_are_two_reads(
        self, daemon: FakePcscd, reader: Reader
    ) -> None:
        daemon.lay(ACS, FIRST)
        assert next_read(reader).number == FIRST
        daemon.swap(ACS, SECOND)  # same ATR
        assert next_read(reader).number == SECOND
        daemon.swap(ACS, SECOND)  # the same card, taken off and laid on again
        assert next_read(reader).number == SECOND

    def test_mute_card_is_told_and_the_next_one_is_read(self, daemon: FakePcscd, reader: Reader) -> None:
        daemon.lay_mute(ACS)
        assert next_failure(reader).cause == "the card does not answer"
        daemon.swap(ACS, SECOND)
        assert next_read(reader).number == SECOND

    @pytest.mark.parametrize(
        ("answer", "cause"),
        [
            (b"", "taken away too early"),
            (bytes.fromhex("6A81"), "status 6a81"),
            (bytes.fromhex("DEADBEEF" * 60), "status beef"),
            (bytes(200) + b"\x90\x00", "200 bytes"),
        ],
    )
    def test_garbage_is_told_and_the_next_card_is_read(
        self, daemon: FakePcscd, reader: Reader, answer: bytes, cause: str
    ) -> None:
        daemon.lay(ACS, FIRST, answer=answer)
        assert cause in next_failure(reader).cause
        daemon.swap(ACS, SECOND)
        assert next_read(reader).number == SECOND

    @pytest.mark.parametrize("code", [RESET_CARD, COMM_ERROR])
    def test_exchange_that_fails_is_tried_again_within_the_tap(
        self, daemon: FakePcscd, reader: Reader, code: int
    ) -> None:
        daemon.fail_transmits(ACS, code, READ_TRIES - 1)
        daemon.lay(ACS, FIRST)
        assert next_read(reader).number == FIRST
        daemon.fail_transmits(ACS, code, READ_TRIES)
        daemon.swap(ACS, SECOND)
        assert next_failure(reader).cause


@pcscd_part
class TestTechnology:
    @pytest.mark.parametrize(
        ("atr", "number", "technology"),
        [
            (MIFARE_CLASSIC_ATR, FIRST, Technology.ISO14443A),
            (SRIX4K_ATR, FIRST, Technology.ISO14443B),
            (ICODE_ATR, ICODE, Technology.ISO15693),
        ],
    )
    def test_is_that_of_the_card(
        self, daemon: FakePcscd, reader: Reader, atr: bytes, number: bytes, technology: Technology
    ) -> None:
        daemon.lay(ACS, number, atr=atr)
        read = next_read(reader)
        assert (read.technology, read.number, read.bits) == (technology, number, 8 * len(number))

    def test_goes_with_the_number_when_another_card_came_before_the_first_was_asked(
        self, daemon: FakePcscd, reader: Reader
    ) -> None:
        daemon.before("connect", ACS, "swap", *card(ICODE, ICODE_ATR))
        daemon.lay(ACS, FIRST)
        read = next_read(reader)
        assert (read.technology, read.number) == (Technology.ISO15693, ICODE)
        daemon.swap(ACS, SECOND)
        # Had the one that came been taken for two, it would stand before the next.
        assert next_read(reader).number == SECOND


@pcscd_part
class TestInTheMiddleOfAnExchange:
    @pytest.mark.parametrize("request_", ["connect", "transmit"])
    def test_a_card_pulled_away_is_told_and_the_next_is_read(
        self, daemon: FakePcscd, reader: Reader, request_: str
    ) -> None:
        daemon.before(request_, ACS, "lift")
        daemon.lay(ACS, FIRST)
        assert next_failure(reader).cause == "the card was taken away too early"
        daemon.lay(ACS, SECOND)
        assert next_read(reader).number == SECOND

    def test_a_card_swapped_for_another_is_never_mistaken_for_it(
        self, daemon: FakePcscd, reader: Reader
    ) -> None:
        daemon.before("transmit", ACS, "swap", *card(ICODE, ICODE_ATR))
        daemon.lay(ACS, FIRST)
        read = next_read(reader)
        assert (read.technology, read.number) == (Technology.ISO15693, ICODE)
        daemon.swap(ACS, SECOND)
        assert next_read(reader).number == SECOND

    @pytest.mark.parametrize("request_", ["connect", "transmit"])
    def test_the_reader_unplugged_is_told_and_found_again(
        self, daemon: FakePcscd, reader: Reader, request_: str
    ) -> None:
        daemon.before(request_, ACS, "unplug")
        daemon.lay(ACS, FIRST)
        events = events_until(reader, lambda event: isinstance(event, HealthChanged))
        assert [one.cause for one in events if isinstance(one, ReadFailed)] == ["the reader was unplugged"]
        daemon.plug(ACS_REPLUGGED, holding=FIRST)
        assert next_read(reader).number == FIRST  # never read before: this is its tap

    @pytest.mark.parametrize("request_", ["connect", "transmit"])
    def test_pcscd_killed_is_told_and_the_card_is_read_when_it_is_back(
        self, daemon: FakePcscd, reader: Reader, request_: str
    ) -> None:
        daemon.before(request_, ACS, "die")
        daemon.lay(ACS, FIRST)
        next_health(reader, ok=False)
        daemon.die()
        daemon.start()
        daemon.plug(ACS, holding=FIRST)
        assert next_read(reader).number == FIRST

    @pytest.mark.parametrize("request_", ["connect", "transmit"])
    def test_pcscd_frozen_is_abandoned_and_the_card_is_one_tap_after_the_thaw(
        self, daemon: FakePcscd, reader: Reader, open_acs: Callable[[], Reader], request_: str
    ) -> None:
        daemon.before(request_, ACS, "freeze")
        daemon.lay(ACS, FIRST)
        daemon.await_freeze()
        reader.close()  # as the supervisor does once it shows no life
        anew = open_acs()
        daemon.thaw()
        assert next_read(anew).number == FIRST
        daemon.swap(ACS, SECOND)
        assert next_read(anew).number == SECOND
        assert list(reader.read_events()) == []


@pcscd_part
def test_several_readers_at_one_service_each_read_their_own_cards(daemon: FakePcscd) -> None:
    twin = UTRUST.replace("55041234600001", "55041234600002")
    for name in (ACS, UTRUST, twin):
        daemon.plug(name)
    chosen = {
        ACS: Settings("ACS ACR122U"),
        UTRUST: Settings(serial="55041234600001"),
        twin: Settings("Identiv", serial="55041234600002"),
    }
    readers = {name: open_reader(settings, time.monotonic) for name, settings in chosen.items()}
    for reader in readers.values():
        next_health(reader, ok=True)
    cards = {name: bytes([at]) * 4 for at, name in enumerate(chosen, 1)}
    for name, number in cards.items():
        daemon.lay(name, number)
    assert {name: next_read(reader).number for name, reader in readers.items()} == cards
    # One of them unplugged: the others never notice.
    daemon.unplug(UTRUST)
    assert next_health(readers[UTRUST], ok=False).cause
    for name in (ACS, twin):
        daemon.swap(name, SECOND)
        (read,) = events_until(readers[name], lambda event: isinstance(event, CardRead))
        assert isinstance(read, CardRead)
        assert read.number == SECOND
    for reader in readers.values():
        reader.close()


@pcscd_part
class TestReaderComesAndGoes:
    def test_absent_at_first_it_is_told_then_found(
        self, daemon: FakePcscd, open_acs: Callable[[], Reader]
    ) -> None:
        daemon.plug(UTRUST)
        reader = open_acs()
        assert "no reader fits reader = 'ACS ACR122U'" in next_health(reader, ok=False).cause
        daemon.plug(ACS)
        next_health(reader, ok=True)
        daemon.lay(ACS, FIRST)
        assert next_read(reader).number == FIRST

    def test_unplugged_and_back_under_another_name(self, daemon: FakePcscd, reader: Reader) -> None:
        daemon.unplug(ACS)
        assert next_health(reader, ok=False).cause
        daemon.plug(ACS_REPLUGGED)
        next_health(reader, ok=True)
        daemon.lay(ACS_REPLUGGED, FIRST)
        assert next_read(reader).number == FIRST

    def test_card_left_lying_over_a_replug_is_no_second_tap(self, daemon: FakePcscd, reader: Reader) -> None:
        daemon.lay(ACS, FIRST)
        next_read(reader)
        daemon.unplug(ACS)
        next_health(reader, ok=False)
        daemon.plug(ACS_REPLUGGED, holding=FIRST)
        next_health(reader, ok=True)
        daemon.swap(ACS_REPLUGGED, SECOND)
        assert next_read(reader).number == SECOND

    def test_another_card_laid_on_over_a_replug_is_read(self, daemon: FakePcscd, reader: Reader) -> None:
        daemon.lay(ACS, FIRST)
        next_read(reader)
        daemon.unplug(ACS)
        next_health(reader, ok=False)
        daemon.plug(ACS_REPLUGGED, holding=SECOND)
        assert next_read(reader).number == SECOND

    def test_card_already_there_at_the_first_opening_is_a_tap(
        self, daemon: FakePcscd, open_acs: Callable[[], Reader]
    ) -> None:
        daemon.plug(ACS, holding=FIRST)
        assert next_read(open_acs()).number == FIRST


@pcscd_part
class TestServiceDies:
    def test_killed_and_started_again_it_reads_the_next_tap(self, daemon: FakePcscd, reader: Reader) -> None:
        for number in (FIRST, SECOND):
            daemon.die()
            assert next_health(reader, ok=False).cause
            daemon.start()
            daemon.plug(ACS)
            next_health(reader, ok=True)
            daemon.lay(ACS, number)
            assert next_read(reader).number == number

    def test_frozen_it_falls_silent_and_the_thread_left_behind_says_nothing_more(
        self, daemon: FakePcscd, reader: Reader, open_acs: Callable[[], Reader]
    ) -> None:
        daemon.freeze()
        # What a supervisor sees from outside: no event, and a last sign of life that grows old.
        still = reader.last_alive()
        while reader.last_alive() != still:  # the call that was under way when it froze
            still = reader.last_alive()
        assert not wait_readable(reader, 1.5)
        assert time.monotonic() - reader.last_alive() > 1.0
        reader.close()
        anew = open_acs()  # comes back at once although pcscd hangs
        daemon.thaw()
        next_health(anew, ok=True)
        daemon.lay(ACS, FIRST)
        assert next_read(anew).number == FIRST
        assert list(reader.read_events()) == []

    def test_no_more_threads_are_left_in_a_frozen_service_than_bounded(
        self,
        daemon: FakePcscd,
        reader: Reader,
        open_acs: Callable[[], Reader],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pcsc, "MAX_LEFT_THREADS", 2)
        daemon.freeze()
        reader.close()
        open_acs().close()
        with pytest.raises(DriverUnavailableError, match="pcscd is frozen"):
            open_acs()
        daemon.thaw()


@pcscd_part
def test_health_is_told_once_for_each_change(daemon: FakePcscd, open_acs: Callable[[], Reader]) -> None:
    reader = open_acs()
    told: list[ReaderEvent] = [next_health(reader, ok=False)]
    daemon.plug(UTRUST)
    told.append(next_health(reader, ok=False))
    daemon.plug(ACS)
    told += events_until(reader, lambda event: event == HealthChanged(ok=True, cause=""))
    assert len(told) == 3
    assert len(set(told)) == 3, "the cause names the readers that are there"
