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
)
from drivers.readers import pcsc
from drivers.readers._pcsc_service import COMM_ERROR, RESET_CARD
from drivers.readers.pcsc import READ_TRIES, Settings, choose_reader, open_reader
from tests.support.fake_pcscd import FakePcscd
from tests.support.waiting import events_until, next_health, next_read, wait_readable

ACS = "ACS ACR122U PICC Interface 00 00"
ACS_REPLUGGED = "ACS ACR122U PICC Interface 01 00"
UTRUST = "Identiv uTrust 3700 F CL Reader [uTrust 3700 F] (55041234600001) 00 00"
FIRST = bytes.fromhex("01020304")
SECOND = bytes.fromhex("04112233445566")


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
        with pytest.raises(DriverLibraryError, match=r"pyscard.*pip install 'gatehouse\[pcsc\]'"):
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
