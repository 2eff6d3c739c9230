"""Show the outcome of this gate's last self-test, as a page to print or as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from provisioning.cli._answer import add_common, failed, may_be_cut_short
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.selftest.person import SelfTestError
from provisioning.selftest.place import config_of
from provisioning.selftest.result import NAME, gate_key
from sync.as_built import MAX_FILE_BYTES, AsBuiltError, Result, verify_as_built
from sync.as_built_text import as_built_text
from sync.statements.wire import Sender
from terminal.config import ConfigError
from terminal.stores.errors import StoreError
from terminal.stores.files import read_small

EXIT_FAILED: Final = 1
EXIT_NO_INPUT: Final = 66
EXIT_CONFIG: Final = 78


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument("--config", type=Path, help="the gate's TOML file (default: the machine's own)")
    parser.add_argument("--file", type=Path, help="another as-built file of this gate (default: the state's)")
    add_common(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 if nothing failed in that test, 1 if something did, 66 if there is no outcome to be believed."""
    try:
        config = config_of(Host(arguments.root), arguments.config)
        path = arguments.file.resolve() if arguments.file else Path(config.gate.state_dir) / NAME
        data = _read(path)
        built = verify_as_built(data, Sender(config.estate_id, config.gate.id, gate_key(config).public))
    except ConfigError as error:
        return failed(arguments, str(error), EXIT_CONFIG)
    except AsBuiltError as error:
        return failed(arguments, f"{path}: {error}", EXIT_NO_INPUT)
    except (SelfTestError, StoreError, ProvisioningError) as error:
        return failed(arguments, str(error), EXIT_NO_INPUT)
    with may_be_cut_short():
        print(data.decode() if arguments.json else as_built_text(built))
    return EXIT_FAILED if built.count(Result.FAILED) else 0


def _read(path: Path) -> bytes:
    data = read_small(path, max_bytes=MAX_FILE_BYTES)
    if data is None:
        raise SelfTestError(f"{path}: there is none; make one with gatehouse-provision selftest")
    return data
