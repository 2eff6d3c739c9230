"""The real rpi-lgpio on a kernel chip (scripts/gpio-sim): it drives, polls, and lets go."""

from __future__ import annotations

from typing import Final

from tests.drivers.gpio.rig_gpiod import simulated_chip
from tests.support.rpi_lgpio import A_PI_4, run

DRIVES: Final = """
import select, time
from pathlib import Path
from drivers.gpio.rpi_gpio import Settings, open_gpio, release_outputs
from drivers.ports import Pull
gpio = open_gpio(Settings(), time.monotonic)
value, pull = Path("{files}/sim_gpio0/value"), Path("{files}/sim_gpio3/pull")
relay = gpio.claim_output("0", user="door", active_low=False)
told = [value.read_text().strip()]
relay.set(True)
told.append(value.read_text().strip())
gpio.claim_input("3", user="door", active_low=False, pull=Pull.DOWN, debounce_s=0.03)
pull.write_text("pull-up")
end = time.monotonic() + 0.2
while time.monotonic() < end:
    select.select((), (), (), max(0.0, gpio.next_deadline() - time.monotonic()))
    told += [change.active for change in gpio.read_changes()]
gpio.close()
print(told)
"""


def test_it_drives_polls_and_lets_go() -> None:
    with simulated_chip() as rig:
        number = rig.chip.removeprefix("gpiochip")
        told = run(DRIVES.format(files=rig.files), RPI_LGPIO_CHIP=number, **A_PI_4)
        assert told == "['0', '1', True]\n"
        assert rig.measure("relay") is None
