"""Makes a visit from what a technician says: which machine, which configuration, which board."""

from __future__ import annotations

import tomllib
from pathlib import Path

from provisioning.board import board_of, detect
from provisioning.data import Data, find_data
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.journal import Journal
from provisioning.steps.configuration import PATH
from provisioning.tree import Tree
from provisioning.visit import Visit
from terminal.check import config_errors
from terminal.config import Config, ConfigError
from terminal.config_file import MAX_CONFIG_BYTES, parse_config
from terminal.stores.files import Checkpoint, pass_by


class NoConfigurationError(ProvisioningError):
    """None was given and the machine has none."""


def visit_to_set_up(
    host: Host,
    config_text: bytes,
    source: Path,
    *,
    board: str | None = None,
    read_only_root: bool | None = None,
    data: Data | None = None,
    checkpoint: Checkpoint = pass_by,
) -> Visit:
    """A visit with a configuration; ``source`` is where it came from, for messages.

    Raises:
        ConfigError: it makes no sense; every error is told.
        ProvisioningError: the board is not known, or the journal cannot be read.
    """
    journal = Journal(host, checkpoint=checkpoint)
    return Visit(
        host,
        journal,
        Tree(host, journal),
        data or find_data(),
        detect(host, board or journal.record.board or None),
        judged_config(config_text, source),
        config_text,
        read_only_root,
    )


def visit_to_take_back(host: Host, *, data: Data | None = None) -> Visit:
    """A visit that needs no configuration: what was changed stands in the journal."""
    journal = Journal(host)
    return Visit(host, journal, Tree(host, journal), data or find_data(), board_of("none"), None)


def judged_config(text: bytes, source: Path) -> Config:
    """A configuration that a gate would start with. Raises ``ConfigError``."""
    if len(text) > MAX_CONFIG_BYTES:
        raise ConfigError(
            [f"{source}: larger than {MAX_CONFIG_BYTES} bytes; this is not a gate's configuration"]
        )
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError([f"{source}: not TOML: {error}"]) from error
    config = parse_config(source, document)
    if errors := config_errors(config):
        raise ConfigError(errors)
    return config


def config_text_of(host: Host, given: Path | None) -> tuple[bytes, Path]:
    """The configuration and where it came from: the file that was given, else the machine's own.

    Raises:
        NoConfigurationError: there is neither.
        ConfigError: the file that was given cannot be read.
    """
    if given is not None:
        try:
            return given.read_bytes(), given
        except OSError as error:
            raise ConfigError([f"{given}: cannot be read: {error.strerror}"]) from error
    text = host.read(PATH)
    if text is None:
        raise NoConfigurationError(
            f"{host.path(PATH)}: there is no configuration; give one with --config FILE, or run apply at a"
            " terminal, where it asks for what it needs"
        )
    return text, host.path(PATH)
