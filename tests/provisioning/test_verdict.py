"""A release is kept for being steadily healthy, gone back from for crashing or for being late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.verdict import MAX_RESTARTS, Ending, Judge, Look, Verdict

LIMIT_S, STEADY_S = 30.0, 5.0
FAULT = ("gate-terminal.service is failed",)


def judged(*looks: Look) -> tuple[float, Verdict] | None:
    """When which verdict came."""
    judge = Judge(0.0, limit_s=LIMIT_S, steady_s=STEADY_S)
    for look in looks:
        if (verdict := judge.take(look)) is not None:
            return look.at_s, verdict
    return None


def every_second(*stretches: tuple[int, tuple[str, ...], str, int]) -> list[Look]:
    """Looks of stretches: seconds, faults, life, restarts."""
    looks: list[Look] = []
    for length, faults, life, restarts in stretches:
        looks += [Look(float(len(looks) + at), faults, life, restarts) for at in range(length)]
    return looks


@pytest.mark.parametrize(
    ("stretches", "when", "ending"),
    [
        ([(40, (), "a", 0)], 5, Ending.KEPT),
        ([(8, FAULT, "a", 0), (40, (), "a", 0)], 13, Ending.KEPT),
        ([(4, (), "a", 0), (1, FAULT, "a", 0), (40, (), "a", 0)], 10, Ending.KEPT),
        # restarted between two looks, both healthy
        ([(4, (), "a", 0), (40, (), "b", 1)], 9, Ending.KEPT),
        ([(40, FAULT, "a", 0)], 30, Ending.GONE_BACK),
        ([(2, FAULT, "a", 0), (2, (), "b", 2), (9, FAULT, "c", 3)], 4, Ending.GONE_BACK),
        # healthy, but not for long enough before the limit
        ([(27, FAULT, "a", 0), (40, (), "a", 0)], 30, Ending.GONE_BACK),
    ],
)
def test_verdicts(stretches: list[tuple[int, tuple[str, ...], str, int]], when: int, ending: Ending) -> None:
    found = judged(*every_second(*stretches))
    assert found is not None
    assert (found[0], found[1].ending) == (when, ending)


def test_the_reason_names_what_was_wrong() -> None:
    found = judged(*every_second((40, FAULT, "a", 0)))
    assert found is not None
    assert FAULT[0] in found[1].reason


@given(
    st.lists(
        st.builds(Look, st.just(0.0), st.sampled_from([(), FAULT]), st.sampled_from("ab"), st.integers(0, 4)),
        max_size=80,
    )
)
def test_it_always_ends_in_time_and_keeps_only_what_was_steady(drawn: list[Look]) -> None:
    looks = [Look(float(at), one.faults, one.life, one.restarts) for at, one in enumerate(drawn)]
    found = judged(*looks)
    if found is None:
        assert len(looks) <= LIMIT_S
        return
    when, verdict = found
    assert when <= LIMIT_S
    if verdict.ending is Ending.KEPT:
        steady = [one for one in looks if when - STEADY_S <= one.at_s <= when]
        assert not any(one.faults for one in steady)
        assert len({one.life for one in steady}) == 1
        assert all(one.restarts <= MAX_RESTARTS for one in looks if one.at_s <= when)
