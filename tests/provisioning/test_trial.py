"""A switch restarts the gate once, and the judge's word is carried out whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from provisioning.releases import Refused, Releases, Trial
from provisioning.trial import Switched, go_back, judge, switch
from provisioning.verdict import MAX_JUDGINGS, Ending
from tests.support.releases import NEW, OLD, Machine, serving, unpack


def ticks() -> Callable[[], float]:
    return map(float, count()).__next__


def test_a_gate_that_serves_tries_the_new_release(tmp_path: Path) -> None:
    releases, machine = serving(tmp_path), Machine()
    assert switch(releases, NEW, machine) == Switched(NEW, changed=True, on_trial=True, before=OLD)
    assert machine.done == ["restart", "judge"]
    verdict = judge(releases, machine, ticks())
    assert verdict is not None
    assert verdict.ending is Ending.KEPT
    assert (releases.current(), releases.trial()) == (NEW, None)


def test_a_gate_that_is_not_quite_well_tries_it_too_by_what_was_well(tmp_path: Path) -> None:
    releases = serving(tmp_path)
    machine = Machine(healthy=lambda: releases.current() == OLD, services=("gate-terminal.service",))
    assert switch(releases, NEW, machine).on_trial
    assert releases.trial() == Trial(NEW, OLD, services=("gate-terminal.service",))
    verdict = judge(releases, machine, ticks())
    assert verdict is not None
    assert verdict.ending is Ending.GONE_BACK
    assert (releases.current(), releases.trial()) == (OLD, None)


def test_the_first_release_has_none_before_it_to_go_back_to(tmp_path: Path) -> None:
    releases, machine = unpack(tmp_path, OLD), Machine()
    assert not switch(releases, OLD, machine).on_trial
    assert machine.done == ["restart"]


def test_in_an_image_or_before_it_is_in_service_nothing_is_started(tmp_path: Path) -> None:
    for name, machine in (("image", None), ("idle", Machine(meant_to_run=False))):
        releases = serving(tmp_path / name)
        assert switch(releases, NEW, machine).changed
        assert (releases.current(), releases.trial()) == (NEW, None)
        assert machine is None or machine.done == []


def test_the_same_release_again_restarts_nothing(tmp_path: Path) -> None:
    releases, machine = serving(tmp_path), Machine()
    assert not switch(releases, OLD, machine).changed
    assert machine.done == []


def test_a_release_that_does_not_serve_is_gone_back_from(tmp_path: Path) -> None:
    releases = serving(tmp_path)
    machine = Machine(healthy=lambda: releases.current() == OLD)
    switch(releases, NEW, machine)
    verdict = judge(releases, machine, ticks())
    assert verdict is not None
    assert verdict.ending is Ending.GONE_BACK
    assert machine.done == ["restart", "judge", "restart"]
    assert (releases.current(), releases.trial()) == (OLD, None)
    assert releases.refused() == Refused(NEW, verdict.reason)


def test_a_judge_that_is_cut_off_again_and_again_goes_back(tmp_path: Path) -> None:
    releases, machine = serving(tmp_path), Machine()
    switch(releases, NEW, machine)
    for number in range(MAX_JUDGINGS):
        assert releases.begin_judging() == Trial(NEW, OLD, number + 1)  # and the power goes
    verdict = judge(releases, machine, ticks())
    assert verdict is not None
    assert verdict.ending is Ending.GONE_BACK
    assert releases.current() == OLD


def test_a_trial_ended_by_hand_is_over(tmp_path: Path) -> None:
    releases, machine = serving(tmp_path), Machine()
    switch(releases, NEW, machine)
    turn = ticks()

    def wait() -> float:
        now = turn()
        if now == 3:
            go_back(releases, "by hand", machine)
        return now

    assert judge(releases, machine, wait) is None
    assert (releases.current(), releases.trial()) == (OLD, None)


def test_without_a_trial_there_is_nothing_to_judge(tmp_path: Path) -> None:
    machine = Machine()
    assert judge(Releases(tmp_path), machine, ticks()) is None
    assert machine.looks == 0
