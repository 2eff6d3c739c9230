"""The helper's process at a real pcscd: taps, a card held still, two readers, a service that dies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from drivers.virtual_pcsc import READER_NAME, VirtualPcsc
from scripts.demonstration.two_gates import free_port
from tests.support.desk_reader import HelperProcess, helper_process, real_service

pytestmark = pytest.mark.real_part("pcscd")

ORIGIN = "https://desk.example.org"
FIRST, SECOND, DRAWN = (bytes.fromhex(one) for one in ("04112233445566", "01020304", "08A1B2C3"))


@pytest.fixture(scope="module")
def service() -> Iterator[VirtualPcsc]:
    with real_service() as running:
        yield running


@pytest.fixture
def helper(service: VirtualPcsc, tmp_path: Path) -> Iterator[HelperProcess]:
    with helper_process(
        tmp_path, service.socket_path, ORIGIN, free_port(), "--reader", READER_NAME
    ) as running:
        while running.ask("away")["state"] != "ready":
            pass
        yield running


def tapped(service: VirtualPcsc, helper: HelperProcess, number: bytes) -> dict[str, object]:
    """What the waiting page is told of this card."""
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(helper.ask)
        while not asking.done():  # a tap before the page waits is nobody's
            service.tap(number)
        return asking.result()


def test_each_tap_is_told_once_and_no_number_is_on_the_screen(
    service: VirtualPcsc, helper: HelperProcess
) -> None:
    for number in (FIRST, SECOND, SECOND):
        told = tapped(service, helper, number)
        assert (told["state"], told["technology"], told["number"]) == ("card", 1, number.hex().upper())
    assert tapped(service, helper, DRAWN)["state"] == "random"
    service.insert(FIRST)  # nobody waits: forgotten, also as long as it lies there
    assert service.tap(SECOND)
    assert tapped(service, helper, FIRST)["number"] == FIRST.hex().upper()
    said = helper.said()
    assert "desk reader: ready" in said
    assert not [one for one in (FIRST, SECOND, DRAWN) if one.hex() in said.lower()]
    assert helper.end() == 0


def test_a_service_that_dies_is_told_and_comes_back(service: VirtualPcsc, helper: HelperProcess) -> None:
    service.kill_service()
    assert helper.ask()["state"] == "away"
    service.start_service()
    assert helper.ask("away")["state"] == "ready"
    assert tapped(service, helper, FIRST)["state"] == "card"


def test_two_readers_are_told_until_one_is_named(service: VirtualPcsc, tmp_path: Path) -> None:
    with helper_process(tmp_path, service.socket_path, ORIGIN, free_port()) as helper:
        while (told := helper.ask("away"))["state"] != "several":
            pass
        assert "set serial to tell them apart" in told["cause"]
