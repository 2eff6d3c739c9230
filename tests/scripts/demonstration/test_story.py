"""The story comes out as told, by the simulated and the real card path, and a wrong one does not."""

from __future__ import annotations

import select

import pytest

from drivers.virtual_pcsc import why_unavailable
from scripts.demonstration.__main__ import tell
from scripts.demonstration.attachments import KINDS
from scripts.demonstration.cards import UNKNOWN
from scripts.demonstration.stage import Stage
from scripts.demonstration.story import STORY
from scripts.demonstration.telling import Act, Chapter, Step, see, stands
from scripts.demonstration.world import PEDESTRIAN, PEDESTRIAN_IN, World
from tests.scripts.demonstration.demonstration import run_demonstration
from tests.support.waiting import WITHIN_S

START = STORY[0]
TAP_UNKNOWN = Act(lambda world: world.tap(UNKNOWN, PEDESTRIAN_IN))
TRUE = see("tap", PEDESTRIAN, UNKNOWN, "unknown_credential")


def test_story_comes_out_as_told(stage: Stage) -> None:
    said: list[str] = []
    assert tell(stage, STORY, said.append) == 0, "\n".join(said)
    assert [line for line in said if line.startswith("ok ")] == [f"ok          {one.title}" for one in STORY]


@pytest.mark.real_part("pcscd")
@pytest.mark.one_python  # it waits for the daemon; the same story without it is played under each
@pytest.mark.timeout(240)
def test_story_comes_out_as_told_with_cards_read_through_pcscd() -> None:
    if cause := why_unavailable():
        pytest.skip(cause)
    done = run_demonstration("--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Pedestrian reader: real PC/SC")
    first, _, second = done.stdout.partition("\nThe second part: ")
    assert first.count("\nok  ") == len(STORY)
    assert second.count("\nok  ") == 1 + len(KINDS) - second.count("\nNot attached here: ")
    assert "The third part came out as told." in second
    assert "The fourth part came out as told." in second


def test_what_differs_from_the_story_is_told_with_what_came_instead(stage: Stage) -> None:
    wrong: list[tuple[tuple[Step, ...], str]] = [
        ((TAP_UNKNOWN, TRUE), ""),
        (
            (TAP_UNKNOWN, see("tap", PEDESTRIAN, UNKNOWN, "granted")),
            "card, granted; came: tap, pedestrian, unknown card, unknown_credential",
        ),
        (
            (stands("it is open", "doors.pedestrian.unlocked", True),),
            "expected: it is open (doors.pedestrian.unlocked True); it is: False",
        ),
        ((stands("it flies", "doors.pedestrian.wings.left", 1),), "it is: None"),
        (
            (Act(lambda world: world.open_remotely("garage")),),
            "no door named 'garage' (there are: barrier, pedestrian)",
        ),
        ((Act(World.cut_power), TRUE), "came: nothing"),
    ]
    said: list[str] = []
    assert tell(stage, [START], said.append) == 0
    for steps, problem in wrong:
        said.clear()
        code = tell(stage, [Chapter("Wrong", steps), Chapter("Later", ())], said.append)
        assert code == (1 if problem else 0)
        if problem:
            assert any(line.startswith("    FAILED: ") and problem in line for line in said), said
            assert said[-3:-1] == ["FAILED      Wrong", "not played  Later"]


def test_an_event_that_nobody_told_of_fails_the_chapter_it_came_in(stage: Stage) -> None:
    def wait_for_event(world: World) -> str:
        descriptor = world.gate.fileno()
        assert descriptor is not None
        assert select.select([descriptor], [], [], WITHIN_S)[0]
        return "something has happened"

    said: list[str] = []
    silent = Chapter("Silent", (TAP_UNKNOWN, Act(wait_for_event)))
    assert tell(stage, [START, silent], said.append) == 1
    assert any("expected: nothing more; came: tap, pedestrian, unknown card" in line for line in said), said
