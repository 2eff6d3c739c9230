"""Print this gate's label: name, id, and the key by which the office knows it."""

from __future__ import annotations

import argparse
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from provisioning.cli._answer import Outcome, add_common, say
from provisioning.durable import write_file
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.label import Label, as_svg, as_text
from provisioning.owner import own_public
from provisioning.steps.configuration import PATH as CONFIG_PATH
from sync.gate_key import fingerprint
from terminal.clock import read
from terminal.config import Config, ConfigError
from terminal.config_file import parse_config
from terminal.stores.files import pass_by
from terminal.version import SOFTWARE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also write it as a drawing to print")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="the day on it (default: this computer's)")
    add_common(parser, dry_run="show the label and write no drawing")


def run(arguments: argparse.Namespace) -> int:
    """Print the label; 1 where this gate has no configuration or no key yet."""
    return say(arguments, lambda: _label(arguments))


def _label(arguments: argparse.Namespace) -> Outcome:
    host = Host(arguments.root)
    config, public = _config(host), own_public(host)
    if public is None:
        raise ProvisioningError("this gate has no key yet: run enrol first, or start gate-sync once")
    day = arguments.date or str(datetime.fromtimestamp(read().system_ms / 1000, UTC).date())
    label = Label(config.gate.name, config.gate.id, config.gate.estate, fingerprint(public), day, SOFTWARE)
    if arguments.svg is not None and not arguments.dry_run:
        write_file(arguments.svg, as_svg(label).encode(), mode=0o644, owner=None, at=pass_by)
    fields = {
        "name": label.name,
        "gate": label.gate_id,
        "estate": label.estate,
        "fingerprint": label.fingerprint,
        "public": public.hex(),
        "date": label.date,
        "software": label.software,
    }
    return 0, as_text(label), fields


def _config(host: Host) -> Config:
    path, text = host.path(CONFIG_PATH), host.text(CONFIG_PATH)
    if not text:
        raise ProvisioningError(f"{path}: there is no configuration; run enrol or apply first")
    try:
        return parse_config(path, tomllib.loads(text))
    except (ConfigError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProvisioningError(str(error)) from error
