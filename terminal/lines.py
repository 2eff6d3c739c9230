"""Every line that a configuration names, with its user: for whoever claims, tries or releases them."""

from __future__ import annotations

from collections.abc import Iterator

from terminal.config import Config, InputLineSettings, OutputSettings, PowerSettings


def output_lines(config: Config) -> Iterator[tuple[str, OutputSettings | PowerSettings]]:
    """Relays, lamps, buzzers and readers' supplies: the user as its section is called, and the line."""
    for name, door in config.doors.items():
        yield from ((f"doors.{name}.outputs.{role}", one) for role, one in door.outputs.items())
    for name, reader in config.readers.items():
        yield from ((f"readers.{name}.indicator.{role}", one) for role, one in reader.indicator.items())
        if reader.power is not None:
            yield f"readers.{name}.power", reader.power


def input_lines(config: Config) -> Iterator[tuple[str, InputLineSettings]]:
    """Contacts of doors and reporting inputs."""
    for name, door in config.doors.items():
        yield from ((f"doors.{name}.inputs.{role}", one) for role, one in door.inputs.items())
    yield from ((f"inputs.{name}", one.line) for name, one in config.inputs.items())
