"""One suite for every GPIO backend: it finds the backends by their files."""

from __future__ import annotations

import select
from collections.abc import Iterator
from importlib import import_module

import pytest

from drivers.ports import DriverError, DriverSettingsError, Gpio, LineChanged, Pull
from drivers.registry import find_gpio, gpio_kinds
from tests.drivers.gpio.contract import Rig, RigMaker

REAL = {"rpi_gpio": pytest.mark.real_part("RPi.GPIO on a register file")}
"""What runs on a real part anywhere; ``gpiod`` needs a kernel with a chip, and has scripts/gpio-sim."""

pytestmark = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=REAL.get(kind, ())) for kind in gpio_kinds()]
)

DEBOUNCE_S = 0.05
SETTLED_S = 6 * DEBOUNCE_S
"""Nothing here takes longer, a backend that polls included."""
PULSE_S = 0.4
"""The shortest pulse that must never be missed."""
LONGEST_DEBOUNCE_S = 0.2


@pytest.fixture
def rig(kind: str, request: pytest.FixtureRequest) -> Iterator[Rig]:
    maker: RigMaker = import_module(f"tests.drivers.gpio.rig_{kind}").rig
    with maker(request) as made:
        yield made


@pytest.fixture
def gpio(kind: str, rig: Rig) -> Iterator[Gpio]:
    driver = find_gpio(kind)
    opened = driver.open(driver.settings(rig.table(), where="test"), rig.clock)
    rig.attach(opened)
    yield opened
    opened.close()


def readable(gpio: Gpio) -> bool:
    return bool(select.select([gpio.fileno()], [], [], 0)[0])


def settle(gpio: Gpio, rig: Rig) -> list[LineChanged]:
    """All changes once everything under way has settled, found as the gate's loop finds them."""
    changes = list(gpio.read_changes())
    end = rig.clock() + SETTLED_S
    while rig.clock() < end:
        deadline = gpio.next_deadline()
        rig.let_pass(max(0.0, min(end if deadline is None else deadline, end) - rig.clock()))
        changes += gpio.read_changes()
    return changes


def test_unknown_key_is_refused_by_name(kind: str) -> None:
    with pytest.raises(DriverSettingsError, match=r"\[gpio\].*'chipp'"):
        find_gpio(kind).settings({"chipp": 4}, where="gate.toml [gpio]")


@pytest.mark.parametrize("active_low", [False, True])
def test_output_starts_inactive_without_a_pulse(gpio: Gpio, rig: Rig, active_low: bool) -> None:
    line = rig.outputs[0]
    output = gpio.claim_output(line, user="door", active_low=active_low)
    assert rig.levels_since_start(line) == [active_low]
    output.set(True)
    assert rig.measure(line) is not active_low
    output.set(False)
    assert rig.measure(line) is active_low


def test_close_leaves_every_output_undriven_and_may_come_twice(gpio: Gpio, rig: Rig) -> None:
    outputs = [gpio.claim_output(line, user="door", active_low=False) for line in rig.outputs]
    outputs[0].set(True)
    gpio.close()
    gpio.close()
    assert [rig.measure(line) for line in rig.outputs] == [None, None]
    with pytest.raises(DriverError):
        outputs[0].set(True)
    assert rig.measure(rig.outputs[0]) is None


def test_line_claimed_twice_names_both_users(gpio: Gpio, rig: Rig) -> None:
    gpio.claim_output(rig.outputs[0], user="door.main.lock", active_low=False)
    with pytest.raises(DriverSettingsError, match=r"door\.main\.lock.*reader\.in\.green"):
        gpio.claim_output(rig.outputs[0], user="reader.in.green", active_low=False)
    with pytest.raises(DriverSettingsError, match=r"door\.main\.lock.*door\.main\.exit"):
        gpio.claim_input(
            rig.outputs[0], user="door.main.exit", active_low=False, pull=Pull.UP, debounce_s=0.0
        )


@pytest.mark.parametrize(
    ("pull", "active_low", "active"),
    [(Pull.UP, False, True), (Pull.UP, True, False), (Pull.DOWN, False, False), (Pull.DOWN, True, True)],
)
def test_open_input_follows_its_bias(
    gpio: Gpio, rig: Rig, pull: Pull, active_low: bool, active: bool
) -> None:
    rig.leave_open(rig.inputs[0], pull)
    line = gpio.claim_input(rig.inputs[0], user="door", active_low=active_low, pull=pull, debounce_s=0.0)
    assert line.is_active() is active
    assert settle(gpio, rig) == []


def test_edge_is_reported_once_settled_and_not_before(gpio: Gpio, rig: Rig) -> None:
    name = rig.inputs[0]
    rig.leave_open(name, Pull.UP)
    line = gpio.claim_input(name, user="door", active_low=True, pull=Pull.UP, debounce_s=DEBOUNCE_S)
    before = rig.clock()
    rig.drive(name, False)
    assert not line.is_active()
    changes = settle(gpio, rig)
    assert [(change.line, change.active) for change in changes] == [(name, True)]
    assert before <= changes[0].at <= rig.clock()
    assert line.is_active()
    assert not readable(gpio)


def test_bounce_is_one_edge_and_a_spike_is_none(gpio: Gpio, rig: Rig) -> None:
    name = rig.inputs[0]
    gpio.claim_input(name, user="door", active_low=False, pull=Pull.DOWN, debounce_s=DEBOUNCE_S)
    for level in (True, False, True, False, True):
        rig.drive(name, level)
        rig.let_pass(DEBOUNCE_S / 10)
    assert [change.active for change in settle(gpio, rig)] == [True]
    rig.drive(name, False)
    rig.let_pass(DEBOUNCE_S / 2)
    rig.drive(name, True)
    rig.let_pass(2 * DEBOUNCE_S)
    assert settle(gpio, rig) == []


def test_the_loop_comes_to_an_edge_in_time(gpio: Gpio, rig: Rig) -> None:
    name = rig.inputs[0]
    gpio.claim_input(name, user="door", active_low=False, pull=Pull.DOWN, debounce_s=DEBOUNCE_S)
    gpio.read_changes()
    rig.drive(name, True)
    deadline = gpio.next_deadline()
    if not readable(gpio) and (deadline is None or deadline > rig.clock() + DEBOUNCE_S):
        rig.let_pass(2 * DEBOUNCE_S)  # the kernel debounces, and speaks up when it is done
        assert readable(gpio)


@pytest.mark.parametrize("late_s", [0.0, 0.01, 0.02])
def test_short_pulse_is_not_missed_with_the_longest_debounce(gpio: Gpio, rig: Rig, late_s: float) -> None:
    name = rig.inputs[0]
    gpio.claim_input(name, user="door", active_low=False, pull=Pull.DOWN, debounce_s=LONGEST_DEBOUNCE_S)
    gpio.read_changes()
    rig.let_pass(late_s)
    rig.drive(name, True)
    until = rig.clock() + PULSE_S
    changes: list[LineChanged] = []
    while rig.clock() < until:
        deadline = gpio.next_deadline()
        rig.let_pass(
            min(until - rig.clock(), PULSE_S if deadline is None else max(0.0, deadline - rig.clock()))
        )
        changes += gpio.read_changes()
    rig.drive(name, False)
    changes += settle(gpio, rig)
    assert [change.active for change in changes] == [True, False]


def test_pulse_during_which_the_loop_was_away_is_told_with_both_its_edges_or_not_at_all(
    gpio: Gpio, rig: Rig
) -> None:
    name = rig.inputs[0]
    line = gpio.claim_input(name, user="door", active_low=False, pull=Pull.DOWN, debounce_s=DEBOUNCE_S)
    rig.drive(name, True)
    rig.let_pass(PULSE_S)
    rig.drive(name, False)
    rig.let_pass(PULSE_S)
    changes = [change.active for change in settle(gpio, rig)]
    assert changes in ([], [True, False])
    assert not line.is_active()


def test_edges_of_two_inputs_come_in_the_order_of_time(gpio: Gpio, rig: Rig) -> None:
    slow, fast = rig.inputs
    gpio.claim_input(slow, user="door", active_low=False, pull=Pull.DOWN, debounce_s=3 * DEBOUNCE_S)
    gpio.claim_input(fast, user="door", active_low=False, pull=Pull.DOWN, debounce_s=DEBOUNCE_S)
    rig.drive(slow, True)
    rig.drive(fast, True)
    rig.let_pass(10 * DEBOUNCE_S)
    assert [change.line for change in settle(gpio, rig)] == [fast, slow]
