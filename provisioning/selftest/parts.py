"""What is built in, by the configuration: enough to order a spare, nothing that opens a door."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.selftest.visit import one_line
from sync.as_built import MAX_NAME, MAX_TEXT, Part
from terminal.config import Config, Door, LinkKind
from terminal.counts import count_of

_PLACES = ("port", "device", "reader", "address", "baud", "d0", "d1", "bus")
"""Options that say where a reader hangs; keys, formats and the like stay at the gate."""


def parts_of(config: Config) -> tuple[Part, ...]:
    """Lines, doors, inputs, readers, and the way to the office."""
    return tuple(Part(one_line(name, MAX_NAME), one_line(what, MAX_TEXT)) for name, what in _parts(config))


def _parts(config: Config) -> Iterator[tuple[str, str]]:
    yield "gpio", config.gpio_kind
    for name, door in config.doors.items():
        yield f"doors.{name}", _door(door)
    for name, one in config.inputs.items():
        yield f"inputs.{name}", f"{one.kind.value} on {one.line.line}"
    for name, reader in config.readers.items():
        where = [f"{key} {reader.options[key]}" for key in _PLACES if key in reader.options]
        lamps = [f"{role} {one.line}" for role, one in reader.indicator.items()]
        lamps += [] if reader.power is None else [f"supply {reader.power.line}"]
        settings = reader.settings
        words = [settings.kind, f"at {settings.door}, {settings.way.value}", *where, *lamps]
        yield f"readers.{name}", ", ".join(words)
    yield "link", _link(config)


def _door(door: Door) -> str:
    outputs = [f"{role} {one.line}" for role, one in door.outputs.items()]
    inputs = [f"{role} {one.line}" for role, one in door.inputs.items()]
    return ", ".join([door.settings.kind.value, *outputs, *inputs])


def _link(config: Config) -> str:
    link = config.link
    match link.kind:
        case LinkKind.NETWORK:
            return f"network, {count_of(len(link.hubs), 'hub')}"
        case LinkKind.SERIAL:
            return f"serial, {link.port} at {link.baud} baud, address {link.address}"
        case LinkKind.NONE:
            return "files alone"
