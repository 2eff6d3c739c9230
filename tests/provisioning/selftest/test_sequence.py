"""The whole guided test on a gate that behaves: what is right passes, what is wrong is found and named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioning.selftest.person import AGAIN, NO, Asked, Deed, SelfTestError
from provisioning.selftest.probes.relays import MOST_TRIES
from provisioning.selftest.sequence import MOVING
from sync.as_built import Result
from tests.provisioning.selftest.visits import Change, Document, Gate, OddPerson

LOCK = "doors.pedestrian.outputs.lock"


def strike(document: Document) -> None:
    """The pedestrian door has a strike, and its relay has no say in fire."""
    door = document["doors"]["pedestrian"]
    door["kind"] = "strike"
    del door["fire_contact_breaks_supply"], door["emergency_exit_breaks_supply"]


def edit(*path: str, **values: Any) -> Change:
    """Change some values of one table."""

    def change(document: Document) -> None:
        table: Any = document
        for name in path:
            table = table[name]
        table.update(values)

    return change


def test_a_gate_that_is_wired_as_configured_passes(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    found = gate.test()
    assert {name for name, one in found.items() if one.result is Result.FAILED} == set()
    names = set(found)
    assert {LOCK, "doors.vehicle.outputs.open", "doors.vehicle.outputs.close"} <= names
    assert {"doors.pedestrian.fire_breaks_supply", "doors.pedestrian.emergency_exit_breaks_supply"} <= names
    assert {"doors.pedestrian.inputs.contact", "doors.pedestrian.inputs.exit", "inputs.fire"} <= names
    assert {"readers.pedestrian_in.indicator.buzzer", "readers.vehicle_in"} <= names
    assert {"power", "clock", "battery_clock", "storage.speed", "space.sync", "files.state", "link"} <= names
    assert gate.driven == []


def test_a_strike_passes_too(tmp_path: Path) -> None:
    assert Gate(tmp_path, change=strike, wiring=strike).failed() == {}


@pytest.mark.parametrize(
    ("wiring", "check", "text"),
    [
        (edit("doors", "pedestrian", "outputs", "lock", line="relay9"), LOCK, "nothing moved"),
        (edit("doors", "pedestrian", "outputs", "lock", active_low=True), LOCK, "wrong way round"),
        (edit("doors", "pedestrian", energised="locked"), LOCK, "wrong way round"),
        (
            lambda document: document["doors"]["vehicle"]["outputs"].update(
                open={"line": "relay3"}, close={"line": "relay2"}
            ),
            "doors.vehicle.outputs.open",
            "are swapped",
        ),
        (
            edit("doors", "vehicle", "outputs", "close", line="relay9"),
            "doors.vehicle.outputs.close",
            "nothing",
        ),
        (
            edit("doors", "pedestrian", fire_contact_breaks_supply=False),
            "doors.pedestrian.fire_breaks_supply",
            "PEOPLE WOULD BE LOCKED IN",
        ),
        (
            edit("doors", "pedestrian", emergency_exit_breaks_supply=False),
            "doors.pedestrian.emergency_exit_breaks_supply",
            "PEOPLE WOULD BE LOCKED IN",
        ),
        (
            edit("doors", "pedestrian", "inputs", "contact", line="contact9"),
            "doors.pedestrian.inputs.contact",
            "stayed active",
        ),
        (
            edit("doors", "pedestrian", "inputs", "exit", active_low=False),
            "doors.pedestrian.inputs.exit",
            "stayed",
        ),
        (edit("inputs", "fire", line="fire9"), "inputs.fire", "although nothing is tripped"),
        (edit("inputs", "mains", line="mains9"), "inputs.mains", "stayed quiet"),
        (
            edit("readers", "pedestrian_in", "indicator", "red", line="red9"),
            "readers.pedestrian_in.indicator.red",
            "not seen",
        ),
    ],
)
def test_a_wrong_wire_is_found(tmp_path: Path, wiring: Change, check: str, text: str) -> None:
    failed = Gate(tmp_path, wiring=wiring).failed()
    assert text in failed[check]


def test_a_fire_contact_that_cuts_a_fail_secure_strike_locks_people_in_and_is_found(tmp_path: Path) -> None:
    def wrong(document: Document) -> None:
        strike(document)
        document["doors"]["pedestrian"]["fire_contact_breaks_supply"] = True

    failed = Gate(tmp_path, change=wrong, wiring=wrong).failed()
    assert "LOCKED IN" in failed["doors.pedestrian.fire_breaks_supply"]


@pytest.mark.parametrize(
    ("deed", "check"),
    [
        (Deed.OPEN_DOOR, "doors.pedestrian.inputs.contact"),
        (Deed.CLOSE_DOOR, "doors.pedestrian.inputs.contact"),
        (Deed.PRESS_EXIT, "doors.pedestrian.inputs.exit"),
        (Deed.RELEASE_EXIT, "doors.pedestrian.inputs.exit"),
        (Deed.OCCUPY_LOOP, "doors.vehicle.inputs.loop"),
        (Deed.CLEAR_LOOP, "doors.vehicle.inputs.loop"),
        (Deed.TRIP_INPUT, "inputs.mains"),
        (Deed.RESTORE_INPUT, "inputs.mains"),
        (Deed.BREAK_FIRE, "inputs.fire"),
        (Deed.HOLD_CARD, "readers.vehicle_in"),
    ],
)
def test_what_nobody_does_is_a_failed_check_and_the_test_goes_on(
    tmp_path: Path, deed: Deed, check: str
) -> None:
    gate = Gate(tmp_path)
    found = gate.test(OddPerson(gate.person, refuses=[deed]))
    assert found[check].result is Result.FAILED
    assert list(found)[-1] == "readers.vehicle_in", "the last probe was made"


def test_where_the_area_is_not_clear_nothing_moves(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    found = gate.test(OddPerson(gate.person, says={Asked.AREA: NO}))
    assert {found[name].result for name in ("area", *MOVING)} == {Result.SKIPPED}
    assert gate.gpio is not None
    moved = {one.line for one in gate.gpio.history() if one.level is True}
    assert "relay2" not in moved
    assert "relay3" not in moved


def test_a_click_may_be_seen_again_but_not_for_ever(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    failed = gate.failed(OddPerson(gate.person, says={Asked.CLICK: AGAIN}))
    assert f"after {MOST_TRIES} clicks" in failed[LOCK]


def test_a_boom_is_not_told_to_close_while_the_loop_is_occupied(tmp_path: Path) -> None:
    gate = Gate(tmp_path, wiring=edit("doors", "vehicle", "inputs", "loop", active_low=False))
    found = gate.test()
    assert found["doors.vehicle.outputs.close"].result is Result.SKIPPED
    assert gate.gpio is not None
    assert True not in [one.level for one in gate.gpio.history() if one.line == "relay3"]


def test_a_reader_that_is_away_is_told_and_the_others_are_tested(tmp_path: Path) -> None:
    gate = Gate(tmp_path, change=edit("readers", "pedestrian_in", absent=True))
    found = gate.test()
    assert "set absent" in found["readers.pedestrian_in"].text
    assert found["readers.vehicle_in"].result is Result.PASSED


def test_no_number_of_a_card_is_kept(tmp_path: Path) -> None:
    texts = [one.text for one in Gate(tmp_path).test().values()]
    assert not any("04a10001" in one.lower() for one in texts)


def interrupted(directory: Path, number: int, error: BaseException) -> None:
    """Somebody leaves at the ``number``-th thing he is asked."""
    directory.mkdir()
    gate = Gate(directory)
    odd = OddPerson(gate.person, leaves_at=number, leaves_by=error)
    if isinstance(error, SelfTestError):
        assert any("could not go on" in one for one in gate.failed(odd).values())
    else:
        with pytest.raises(type(error)):
            gate.test(odd)
    assert gate.driven == [], number


def test_whenever_somebody_leaves_every_line_is_undriven(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = Gate(tmp_path / "whole")
    counted = OddPerson(whole.person)
    whole.test(counted)
    assert counted.asked > 25
    for number in range(counted.asked):
        interrupted(tmp_path / str(number), number, KeyboardInterrupt())


@pytest.mark.parametrize("number", [1, 4, 12])
def test_however_somebody_leaves_every_line_is_undriven(tmp_path: Path, number: int) -> None:
    for error in (SystemExit(1), SelfTestError("nobody answers"), RuntimeError("a bug")):
        interrupted(tmp_path / type(error).__name__, number, error)
