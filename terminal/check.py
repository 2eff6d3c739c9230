"""Judges whether a configuration makes sense, before a gate starts with it.

Everything is found at once; each finding says file and key, what is wrong and what to
do. Nothing here opens a device (see `terminal.check_devices`).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

from drivers.indicator import Output, rhythm_errors
from drivers.ports import Claim, DriverError, DriverSettingsError, Surroundings
from drivers.registry import find_gpio, find_reader
from terminal.config import (
    Config,
    ConfigError,
    Door,
    LinkKind,
    LinkSettings,
    LockKind,
    LockState,
    StatusPageSettings,
)
from terminal.config_file import read_config
from terminal.lines import input_lines, output_lines

DOOR_OUTPUTS = {
    LockKind.STRIKE: (("lock",), ()),
    LockKind.MAGNET: (("lock",), ()),
    LockKind.BARRIER: (("open", "close"), ("stop",)),
}
"""Outputs each kind must have, and those it may have."""
DOOR_INPUTS = {
    LockKind.STRIKE: ((), ("contact", "exit")),
    LockKind.MAGNET: ((), ("contact", "exit")),
    LockKind.BARRIER: (("loop",), ("contact", "exit")),
}
INDICATORS = tuple(one.value for one in Output)
LAST_PORT = 65_535
SUN_PATH_BYTES = 107
"""Longest path of a Unix socket (unix(7))."""


def load_config(path: Path) -> Config:
    """Read the configuration at ``path`` and make sure that it makes sense.

    Raises:
        ConfigError: with every error found.
    """
    config = read_config(path)
    errors = config_errors(config)
    if errors:
        raise ConfigError(errors)
    return config


def config_errors(config: Config) -> list[str]:
    """Every contradiction in ``config``, each with file, key and cure."""
    found = [
        *_gate_errors(config),
        *_door_errors(config),
        *_reader_errors(config),
        *_claim_errors(config),
        *(f"[patterns] {one}" for one in rhythm_errors(config.rhythms)),
        *_link_errors(config.link),
        *_page_errors(config.status_page),
    ]
    return [f"{config.path}: {one}" for one in found]


def _gate_errors(config: Config) -> Iterator[str]:
    if len(config.gate.control_socket.encode()) > SUN_PATH_BYTES:
        yield f"[gate] 'control_socket' has more than {SUN_PATH_BYTES} bytes; choose a shorter path"
    try:
        find_gpio(config.gpio_kind).settings(config.gpio_options, where="[gpio]")
    except DriverError as error:
        yield from _driver_errors(error, "[gpio]", "backend")


def _link_errors(link: LinkSettings) -> Iterator[str]:
    if link.kind is LinkKind.NETWORK:
        if not link.hubs:
            yield "[link] 'hubs' is missing: name the office's hub as \"host:port\""
        for one in link.hubs:
            host, colon, port = one.rpartition(":")
            if not (host and colon and port.isdecimal() and 1 <= int(port) <= LAST_PORT):
                yield f"[link] 'hubs': {one[:60]!r} is not \"host:port\""
    if link.kind is LinkKind.SERIAL:
        if not link.port:
            yield "[link] 'port' is missing: name the serial device, e.g. \"/dev/ttyAMA0\""
        if not link.address:
            yield "[link] 'address' is missing: this gate's number on the pair, 1 to 254"


def _page_errors(page: StatusPageSettings) -> Iterator[str]:
    if not page.listen:
        return
    host, _, port = page.listen.rpartition(":")
    try:
        ip_address(host.strip("[]"))
        good = port.isdecimal() and int(port) <= LAST_PORT
    except ValueError:
        good = False
    if not good:
        yield (
            f"[status_page] 'listen': {page.listen[:60]!r} is not \"ADDRESS:PORT\" of this machine, such as"
            ' "192.168.4.1:8080" (port 0: any that is free)'
        )


def _door_errors(config: Config) -> Iterator[str]:
    seen: dict[int, str] = {}
    for name, door in config.doors.items():
        where = f"[doors.{name}]"
        if door.settings.id in seen:
            yield f"{where} 'id' {door.settings.id} is also that of [doors.{seen[door.settings.id]}]"
        seen.setdefault(door.settings.id, name)
        yield from _names(where, "outputs", door.outputs, *DOOR_OUTPUTS[door.settings.kind])
        yield from _names(where, "inputs", door.inputs, *DOOR_INPUTS[door.settings.kind])
        yield from _lock_errors(where, door)


def _lock_errors(where: str, door: Door) -> Iterator[str]:
    settings = door.settings
    if settings.kind is LockKind.BARRIER:
        if (settings.energised, settings.stop_state) != (LockState.UNLOCKED, LockState.LOCKED):
            yield f"{where} 'energised' and 'stop_state' mean nothing for a barrier; remove them"
        return
    undriven = settings.energised.other
    if settings.stop_state is not undriven:
        yield (
            f"{where} 'stop_state' is {settings.stop_state.value!r}, but a relay that is not driven "
            f"leaves this lock {undriven.value}: rewire the relay contact and set 'energised', or set "
            f"'stop_state' to {undriven.value!r}"
        )
    if settings.kind is LockKind.MAGNET:
        if settings.energised is LockState.LOCKED:
            yield (
                f"{where} 'energised' must be 'unlocked' for a magnet: wire it to the relay's "
                "normally-closed contact, so that it holds while the relay rests"
            )
        if not (settings.fire_contact_breaks_supply and settings.emergency_exit_breaks_supply):
            yield (
                f"{where} a magnet needs 'fire_contact_breaks_supply = true' and "
                "'emergency_exit_breaks_supply = true': both must cut its supply without any software; "
                "wire them so, then declare it"
            )


def _reader_errors(config: Config) -> Iterator[str]:
    seen: dict[int, str] = {}
    for name, reader in config.readers.items():
        where = f"[readers.{name}]"
        settings = reader.settings
        if settings.id in seen:
            yield f"{where} 'id' {settings.id} is also that of [readers.{seen[settings.id]}]"
        seen.setdefault(settings.id, name)
        if settings.door not in config.doors:
            known = ", ".join(sorted(config.doors))
            yield f"{where} 'door' names no door: {settings.door!r} (doors: {known})"
        yield from _names(where, "indicator", reader.indicator, (), INDICATORS)
        try:
            driver = find_reader(settings.kind)
            options = driver.settings(reader.options, where=where)
        except DriverError as error:
            yield from _driver_errors(error, where, "kind")
            continue
        if wrong := driver.misfit(
            options, Surroundings(config.gpio_kind, power_cycled=reader.power is not None)
        ):
            yield f"{where} {wrong}"


def _driver_errors(error: DriverError, where: str, key: str) -> Iterator[str]:
    """Settings errors name their own place, line by line; the others concern ``key``."""
    if isinstance(error, DriverSettingsError):
        yield from str(error).splitlines()
    else:
        yield f"{where} {key!r}: {error}"


def _claim_errors(config: Config) -> Iterator[str]:
    claimed: dict[str, tuple[str, Claim]] = {}
    for user, claim in claims(config):
        first, other = claimed.setdefault(claim.what, (user, claim))
        if other is not claim and not (claim.shared_as and claim.shared_as == other.shared_as):
            yield (
                f"{claim.what} is used twice: by [{first}]{_manner(other)} and by [{user}]{_manner(claim)}; "
                f"give one another {claim.what.split()[0]}"
            )


def claims(config: Config) -> Iterator[tuple[str, Claim]]:
    """Every line, port and address with the section that uses it; readers with wrong options are left out."""
    for user, one in (*output_lines(config), *input_lines(config)):
        yield user, Claim(f"line {one.line!r}")
    if config.link.kind is LinkKind.SERIAL and config.link.port:
        yield "link", Claim(f"port {config.link.port!r}")
    for name, reader in config.readers.items():
        try:
            driver = find_reader(reader.settings.kind)
            settings = driver.settings(reader.options, where=f"[readers.{name}]")
        except DriverError:
            continue  # told by _reader_errors
        for claim in driver.claims(settings):
            yield f"readers.{name}", claim


def _manner(claim: Claim) -> str:
    return f" ({claim.shared_as})" if claim.shared_as else ""


def _names(
    where: str, key: str, present: object, needed: tuple[str, ...], allowed: tuple[str, ...]
) -> Iterator[str]:
    names = set(present) if isinstance(present, dict) else set()
    for missing in sorted(set(needed) - names):
        yield f"{where} lacks [{where[1:-1]}.{key}.{missing}]"
    for unknown in sorted(names - set(needed) - set(allowed)):
        known = ", ".join((*needed, *allowed)) or "none"
        yield f"{where} unknown {key} {unknown!r} (there are: {known})"
