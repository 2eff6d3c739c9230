"""The hub's store as commands are given it."""

from __future__ import annotations

import argparse
from pathlib import Path

from office.hub.address import StoreAddress
from office.site.directory import open_directory


def add_store(command: argparse.ArgumentParser, name: str = "store") -> argparse.Action:
    """An argument that names a store; its value is a ``StoreAddress``."""
    return command.add_argument(
        name, type=_store_address, help="the hub's SQLite file, or the office's directory"
    )


def _store_address(text: str) -> StoreAddress:
    """Raises ``OfficeError``, which `office.__main__` tells like any other."""
    path = Path(text)
    return open_directory(path).database if path.is_dir() else path
