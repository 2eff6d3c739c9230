"""The gate that is tested: this machine's, or the simulated one of a tree."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from provisioning.host import Host
from provisioning.selftest.person import SelfTestError
from provisioning.steps.configuration import PATH as CONFIG_PATH
from terminal.check import load_config
from terminal.config import Config


def config_of(host: Host, named: Path | None) -> Config:
    """Its configuration, state where it lies for us; ``named``: another file.

    Raises:
        ConfigError: it makes no sense.
        SelfTestError: a link of a tree leads away from its state.
    """
    config = load_config(named or host.target(CONFIG_PATH))
    if host.live:
        return config
    gate = replace(
        config.gate,
        state_dir=str(host.target(config.gate.state_dir)),
        control_socket=str(host.target(config.gate.control_socket)),
    )
    config = replace(config, gate=gate)
    for one in (config.terminal_dir, config.sync_dir):
        if one.is_symlink():
            raise SelfTestError(
                f"{one}: a link, which would lead out of this tree; boot its machine to test it"
            )
    return config


def real_parts(config: Config) -> list[str]:
    """What of this gate is not simulated."""
    gpio = [] if config.gpio_kind == "sim" else ["gpio"]
    return gpio + [f"readers.{name}" for name, one in config.readers.items() if one.settings.kind != "sim"]


def refuse_unseen(config: Config) -> None:
    """A lock that nobody looks at proves nothing. Raises ``SelfTestError`` where something is real."""
    if real := real_parts(config):
        raise SelfTestError(
            f"--non-interactive is for simulated hardware, and {', '.join(real)} is real: stand at the gate"
            " and run the test without it"
        )


def refuse_absent(config: Config, host: Host) -> None:
    """The wires of a tree's machine are not here. Raises ``SelfTestError`` where something is real."""
    if not host.live and (real := real_parts(config)):
        raise SelfTestError(
            f"{host.root}: {', '.join(real)} is real, and hangs at the machine that this tree is for: boot it"
            " and test it there"
        )
