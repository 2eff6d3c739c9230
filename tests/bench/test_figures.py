from __future__ import annotations

import pytest

from bench.figures import Figure, Spread, middle, p99, table


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ([7.0], Spread(1, 7.0, 7.0, 7.0, 7.0)),
        ([3.0, 1.0, 2.0], Spread(3, 2.0, 3.0, 3.0, 3.0)),
        (range(100), Spread(100, 49.5, 95, 99, 99)),
        (range(1000), Spread(1000, 499.5, 950, 990, 999)),
    ],
)
def test_a_spread_is_the_samples_own_numbers(sample: list[float], expected: Spread) -> None:
    assert Spread.of(sample) == expected


@pytest.mark.parametrize(
    ("value", "bound", "ok"), [(1.0, None, None), (1.0, 1.0, True), (1.1, 1.0, False), (0.0, 1.0, True)]
)
def test_a_bound_is_the_most_a_figure_may_be(value: float, bound: float | None, ok: bool | None) -> None:
    assert Figure("x", value, "ms", bound).ok is ok


def test_each_kind_of_figure_takes_its_own_number_of_the_sample() -> None:
    assert p99("x", range(1000), "us").value == 990
    assert middle("x", range(1000), "us").value == 499.5


def test_the_table_names_what_was_missed() -> None:
    lines = table("tap", [p99("slow", [2.0, 2.0], "ms", 1.0), Figure("told", 3, "bytes")]).splitlines()
    assert lines[1] == "tap"
    assert "slow" in lines[3]
    assert "<= 1" in lines[3]
    assert "MISSED" in lines[3]
    assert "MISSED" not in lines[4]


def test_json_fields_say_what_the_table_says() -> None:
    figure = p99("slow", [2.0, 2.0], "ms", 1.0)
    assert figure.fields() == {
        "name": "slow",
        "value": 2.0,
        "unit": "ms",
        "bound": 1.0,
        "ok": False,
        "n": 2,
        "p50": 2.0,
        "p95": 2.0,
        "p99": 2.0,
        "max": 2.0,
    }
    assert Figure("told", 3, "").fields() == {
        "name": "told",
        "value": 3,
        "unit": "",
        "bound": None,
        "ok": None,
        "n": 1,
    }
