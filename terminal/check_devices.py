"""Tries every device of a configuration while no gate uses them, and lets go of it again.

Claiming an output leaves it undriven, so no lock moves.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable
from contextlib import ExitStack, closing

from drivers.ports import DriverError, Gpio, HealthChanged, Reader
from drivers.registry import Driver, find_gpio, find_reader
from terminal.config import Config, InputLineSettings, OutputSettings, PowerSettings
from terminal.findings import Finding, ok, wrong
from terminal.lines import input_lines, output_lines

HEALTH_WITHIN_S = 5.0
"""A reader that works says so at once; a service that starts for it needs a second or two."""


def check_devices(
    config: Config, monotonic: Callable[[], float], *, within_s: float = HEALTH_WITHIN_S
) -> list[Finding]:
    """Claim every line once and open every reader beside them; each that cannot be had is told."""
    with ExitStack() as held:
        # Held until the readers were tried: a line may go by its name here and by its number there.
        lines = _claim_lines(config, monotonic, held)
        return [*lines, *check_readers(config, monotonic, within_s=within_s)]


def _claim_lines(config: Config, monotonic: Callable[[], float], held: ExitStack) -> list[Finding]:
    driver = find_gpio(config.gpio_kind)
    try:
        gpio = driver.open(driver.settings(config.gpio_options, where=f"{config.path}: [gpio]"), monotonic)
    except DriverError as error:
        return [wrong("gpio", str(error))]
    held.enter_context(closing(gpio))
    outputs = [_claim_output(gpio, user, line) for user, line in output_lines(config)]
    inputs = [_claim_input(gpio, user, line) for user, line in input_lines(config)]
    return [*outputs, *inputs]


def check_readers(
    config: Config,
    monotonic: Callable[[], float],
    *,
    within_s: float = HEALTH_WITHIN_S,
    find: Callable[[str], Driver[Reader]] = find_reader,
) -> list[Finding]:
    """Open every reader, with what ``find`` has for its kind, and wait for its first word on its health."""
    found: dict[str, Finding] = {}
    opened: dict[str, Reader] = {}
    try:
        for name, section in config.readers.items():
            driver = find(section.settings.kind)
            try:
                settings = driver.settings(section.options, where=f"{config.path}: [readers.{name}]")
                opened[name] = driver.open(settings, monotonic)
            except DriverError as error:
                found[name] = wrong(f"readers.{name}", str(error))
        found |= _first_words(opened, monotonic, within_s)
    finally:
        for reader in opened.values():
            reader.close()
    return [found[name] for name in config.readers]


def _first_words(
    readers: dict[str, Reader], monotonic: Callable[[], float], within_s: float
) -> dict[str, Finding]:
    found = {name: wrong(f"readers.{name}", f"said nothing within {within_s:g} s") for name in readers}
    deadline = monotonic() + within_s
    with selectors.DefaultSelector() as selector:
        for name, reader in readers.items():
            selector.register(reader.fileno(), selectors.EVENT_READ, name)
        while selector.get_map() and (left_s := deadline - monotonic()) > 0:
            for key, _ in selector.select(left_s):
                finding = _judged(key.data, readers[key.data])
                if finding is not None:
                    found[key.data] = finding
                    selector.unregister(key.fileobj)
    return found


def _judged(name: str, reader: Reader) -> Finding | None:
    """What the reader says of itself; ``None`` as long as it says nothing."""
    what = f"readers.{name}"
    try:
        events = reader.read_events()
    except DriverError as error:
        return wrong(what, str(error))
    for event in events:
        if isinstance(event, HealthChanged):
            return ok(what, "works") if event.ok else wrong(what, event.cause)
    return None


def _claim_output(gpio: Gpio, user: str, line: OutputSettings | PowerSettings) -> Finding:
    try:
        gpio.claim_output(line.line, user=user, active_low=line.active_low)
    except DriverError as error:
        return wrong(user, str(error))
    return ok(user, f"line {line.line}: an output")


def _claim_input(gpio: Gpio, user: str, line: InputLineSettings) -> Finding:
    try:
        claimed = gpio.claim_input(
            line.line, user=user, active_low=line.active_low, pull=line.pull, debounce_s=line.debounce_s
        )
    except DriverError as error:
        return wrong(user, str(error))
    return ok(user, f"line {line.line}: an input, {'active' if claimed.is_active() else 'quiet'} now")
