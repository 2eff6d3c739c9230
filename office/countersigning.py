"""The manager's signature, on the manager's own computer: of one update, or of a parcel of them.

What is signed is told from the file itself, not from what an office said of it: the manager
compares it with the desk's page.
"""

from __future__ import annotations

from pathlib import Path

from office.change_report import told_of_statement
from office.errors import OfficeError
from office.keys import KeyDirectory
from office.parcel import MAX_PARCEL_BYTES, is_parcel, pack, unpack
from office.report import Report
from sync.delegation import Role
from sync.envelope import countersign, parse_envelope
from sync.refusal import ListRefusedError


def countersigned(keys: KeyDirectory, path: Path, *, at: int) -> tuple[bytes, list[Report]]:
    """The file with the manager's signature added to each update, and what each of them does.

    Raises:
        OfficeError: it cannot be read, or there is no manager's key.
    """
    try:
        with path.open("rb") as file:
            data = file.read(2 * MAX_PARCEL_BYTES)
    except OSError as error:
        raise OfficeError(f"{path}: {error.strerror}; give the path of an update file") from None
    try:
        if not is_parcel(data):
            signed, told = _sign(keys, data, at)
            return signed, [told]
        done = {name: _sign(keys, one, at) for name, one in unpack(data).items()}
    except ListRefusedError as refused:
        raise OfficeError(f"{path}: {refused.attack}: {refused}") from None
    except OfficeError as error:
        raise OfficeError(f"{path}: {error}") from None
    return pack({name: one for name, (one, _) in done.items()}), [told for _, told in done.values()]


def _sign(keys: KeyDirectory, data: bytes, at: int) -> tuple[bytes, Report]:
    statement = parse_envelope(data).statement
    key, chain = keys.signer(Role.MANAGER, statement.gate_id, at)
    return countersign(data, key, delegations=[chain]), told_of_statement(statement)
