"""Doors and barriers on simulated lines."""

from __future__ import annotations

from drivers.gpio.sim import Settings, open_gpio
from drivers.virtual_barrier import Order
from tests.support.wired import WiredBarrier


def test_pulses_between_two_looks_are_heard_at_their_own_moments() -> None:
    now = 0.0
    gpio = open_gpio(Settings(), lambda: now)
    lines = {order: f"boom_{order.value}" for order in Order}
    outputs = {order: gpio.claim_output(line, user="x", active_low=False) for order, line in lines.items()}
    wired = WiredBarrier(gpio, lambda: now, outputs=lines, loop="loop", contact="contact")
    for at, order in ((1.0, Order.OPEN), (9.0, Order.CLOSE), (11.0, Order.STOP)):
        now = at
        outputs[order].set(True)
        outputs[order].set(False)
    now = 60.0
    wired.look()
    assert wired.barrier.position == 0.5
    gpio.close()
