"""A tap through the whole real path: virtual card, vpcd, pcscd, libpcsclite, pyscard, our driver."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.ports import Reader, Technology
from drivers.readers.pcsc import Settings, open_reader
from drivers.virtual_pcsc import READER_NAME, VirtualPcsc
from tests.support.desk_reader import real_service
from tests.support.waiting import next_health, next_read, wait_readable

pytestmark = pytest.mark.real_part("pcscd")

FIRST = bytes.fromhex("01020304")
SECOND = bytes.fromhex("04112233445566")


@pytest.fixture
def service(pcsc_socket: Path) -> Iterator[VirtualPcsc]:
    with real_service() as running:
        pcsc_socket.symlink_to(running.socket_path)
        yield running


@pytest.fixture
def reader(service: VirtualPcsc) -> Iterator[Reader]:
    opened = open_reader(Settings(READER_NAME), time.monotonic)
    next_health(opened, ok=True)
    yield opened
    opened.close()


def test_taps_of_several_cards_are_read_in_order(service: VirtualPcsc, reader: Reader) -> None:
    for number in (FIRST, SECOND, SECOND, FIRST):
        assert service.tap(number)
        read = next_read(reader)
        assert (read.technology, read.number, read.bits) == (Technology.ISO14443A, number, 8 * len(number))


def test_pcscd_killed_and_started_again(
    service: VirtualPcsc, reader: Reader, record_property: Callable[[str, object], None]
) -> None:
    service.tap(FIRST)
    next_read(reader)
    service.kill_service()
    assert next_health(reader, ok=False).cause
    service.start_service()
    started_at = time.monotonic()
    next_health(reader, ok=True)
    record_property("recovery_s", round(time.monotonic() - started_at, 3))
    assert service.tap(SECOND)
    assert next_read(reader).number == SECOND


def test_card_laid_on_while_pcscd_is_frozen_is_read_when_it_thaws(
    service: VirtualPcsc, reader: Reader
) -> None:
    os.kill(service.service_pid, signal.SIGSTOP)
    service.insert(FIRST)
    assert not wait_readable(reader, 0.6)  # longer than pcscd takes to see a card
    os.kill(service.service_pid, signal.SIGCONT)
    assert next_read(reader).number == FIRST
    service.remove()
