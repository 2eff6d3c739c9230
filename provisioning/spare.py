"""A unit that was something else before: its old state is set aside, never mixed with a new gate's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from provisioning.durable import disk_error
from provisioning.errors import ProvisioningError
from provisioning.host import Host
from provisioning.owner import SYNC_DIR, TERMINAL_DIR, as_owner, sync_dir
from terminal.stores.enrolment_file import load_enrolment
from terminal.stores.errors import StoreError
from terminal.stores.files import sync_directory

DIRECTORIES: Final = (TERMINAL_DIR, SYNC_DIR)
_NAME_DIGITS: Final = 8


def former_state(host: Host, token: bytes) -> list[str]:
    """Directories that hold another life than the one which the bundle with this token began here."""
    try:
        with as_owner(host):
            record = load_enrolment(sync_dir(host))
    except StoreError:
        record = None
    begun = record is not None and record.token == token
    if begun or _aside(host, SYNC_DIR, token).exists():
        return []  # a power cut came after all was set aside
    return [one for one in DIRECTORIES if _holds_anything(host, one)]


def set_state_aside(host: Host, token: bytes) -> list[str]:
    """Rename them, so that key, list and log begin anew; where they lie now.

    The sync side goes last: as long as it is there, a power cut leaves a unit that is known to be another.

    Raises:
        ProvisioningError: one cannot be renamed, or this was done before with another outcome.
    """
    moved = []
    for one in former_state(host, token):
        path, aside = host.target(one), _aside(host, one, token)
        if aside.exists():
            raise ProvisioningError(
                f"{aside}: lies there from this bundle already, and {path} holds something newer: remove one"
                " of the two"
            )
        try:
            path.rename(aside)
            sync_directory(path.parent)
        except OSError as error:
            raise disk_error(path, "cannot be set aside", error) from error
        moved.append(str(aside))
    return moved


def _aside(host: Host, inside: str, token: bytes) -> Path:
    path = host.target(inside)
    return path.with_name(f"{path.name}.before-{token.hex()[:_NAME_DIGITS]}")


def _holds_anything(host: Host, inside: str) -> bool:
    path = host.target(inside)
    try:
        return any(path.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise disk_error(path, "cannot be read", error) from error
