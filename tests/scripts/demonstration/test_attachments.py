"""Each reader kind on its virtual device, through the gate's own process: the right card opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.ports import DriverUnavailableError
from drivers.registry import reader_kinds
from drivers.virtual_keyboard import why_unavailable
from scripts.demonstration.__main__ import tell
from scripts.demonstration.attachments import KINDS, SIMULATED
from scripts.demonstration.cards import CARDS, RESIDENT, SLIP, SLOW_RESIDENT, UNKNOWN, role_of
from scripts.demonstration.hand import CannotTapError, DeviceHand
from scripts.demonstration.stage import open_stage
from scripts.demonstration.story import STORY, story_of_readers
from scripts.demonstration.telling import Act, Chapter, see
from scripts.demonstration.world import PEDESTRIAN, PEDESTRIAN_IN
from tests.scripts.demonstration.conftest import QUICK
from tests.scripts.demonstration.demonstration import run_demonstration

TAPS = Chapter(
    "The resident, a chip with a longer number, and a stranger",
    (
        Act(lambda world: world.tap(RESIDENT, PEDESTRIAN_IN)),
        see("tap", PEDESTRIAN, RESIDENT, "granted"),
        Act(lambda world: world.tap(SLOW_RESIDENT, PEDESTRIAN_IN)),
        see("tap", PEDESTRIAN, SLOW_RESIDENT, "granted"),
        Act(lambda world: world.tap(UNKNOWN, PEDESTRIAN_IN)),
        see("tap", PEDESTRIAN, UNKNOWN, "unknown_credential"),
    ),
)
"""The chapter starts with the power switched on."""


def test_every_reader_kind_can_be_attached() -> None:
    assert {SIMULATED, *KINDS} == set(reader_kinds())


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "pcsc"])  # which plays the whole story
def test_cards_are_read_through_the_device_of_each_kind(kind: str, tmp_path: Path) -> None:
    if kind == "hid_keyboard" and (cause := why_unavailable()):
        pytest.skip(cause)
    said: list[str] = []
    with open_stage(tmp_path, QUICK, reader=kind) as stage:
        assert f'kind = "{kind}"' in stage.process.config.read_text("utf-8")
        assert tell(stage, [STORY[0], TAPS], said.append) == 0, "\n".join(said)
        assert stage.world.tap(SLIP, PEDESTRIAN_IN).startswith("Not possible: this reader reads cards")


def test_further_readers_hang_beside_the_first_and_what_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.virtual_keyboard.UINPUT", tmp_path / "uinput")
    said: list[str] = []
    kinds = ("serial_text", "hid_keyboard", "wiegand")
    with open_stage(tmp_path / "gate", QUICK, reader=SIMULATED, more=kinds) as stage:
        assert list(stage.more) == ["serial_text", "wiegand"]
        assert "modprobe uinput" in stage.missing["hid_keyboard"]
        told = {name: one.told for name, one in stage.more.items()}
        assert tell(stage, story_of_readers(told), said.append) == 0, "\n".join(said)


@pytest.mark.skipif(not why_unavailable(), reason="this kernel has uinput")
def test_a_kind_that_cannot_be_had_is_refused_with_the_cause() -> None:
    done = run_demonstration("--once", "--reader", "hid_keyboard")
    assert done.returncode == 1
    assert "uinput" in done.stderr


def test_a_kind_that_is_none_is_refused_by_name() -> None:
    done = run_demonstration("--once", "--reader", "nfc")
    assert done.returncode == 2
    assert "em4100_serial" in done.stderr


def test_cards_go_by_their_role_in_whichever_form_they_were_read() -> None:
    assert [role_of(card.short_text) for card in CARDS] == [card.role for card in CARDS]


@pytest.mark.parametrize(
    "error", [DriverUnavailableError("the bus has ended"), OSError(5, "the bus has ended")]
)
def test_a_device_that_is_gone_is_told_to_whoever_taps(error: Exception) -> None:
    def play(_: bytes) -> None:
        raise error

    with pytest.raises(CannotTapError, match="the bus has ended"):
        DeviceHand(play).tap(RESIDENT)


def test_without_power_no_device_is_played(tmp_path: Path) -> None:
    with open_stage(tmp_path, QUICK, reader="wiegand") as stage:
        assert stage.world.tap(RESIDENT, PEDESTRIAN_IN) == "The reader is dark."
