"""The outcome of a self-test as the signed file, and the page beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provisioning.selftest.gate_process import as_owner
from provisioning.selftest.machine import Machine
from provisioning.selftest.parts import parts_of
from provisioning.selftest.person import SelfTestError
from provisioning.selftest.visit import one_line
from sync.as_built import MAX_NAME, MAX_TEXT, AsBuilt, Check, read_as_built, sign_as_built
from sync.as_built_text import as_built_text
from sync.gate_key import KEY_FILE, GateKeyError, load
from sync.keys import SigningKey
from terminal.clock import Judged
from terminal.config import Config
from terminal.stores.files import write_atomic
from terminal.version import SOFTWARE

NAME: Final = "as-built.json"
PAGE_NAME: Final = "as-built.txt"


def gate_key(config: Config) -> SigningKey:
    """The gate's own key; raises ``SelfTestError`` as long as it has none."""
    path = config.sync_dir / KEY_FILE
    try:
        with as_owner(config.sync_dir):
            key = load(path)
    except GateKeyError as error:
        raise SelfTestError(str(error)) from error
    if key is None:
        raise SelfTestError(
            f"{path}: the gate has no key to sign the outcome with; start its sync service once, or enrol it"
        )
    return key


def outcome(
    config: Config,
    machine: Machine,
    judged: Judged,
    checks: Sequence[Check],
    *,
    maintenance: bool,
    simulated: bool,
) -> AsBuilt:
    """What was built in and found."""
    return AsBuilt(
        config.estate_id,
        config.gate.id,
        one_line(config.gate.name, MAX_NAME),
        None if judged.wall_ms is None else judged.wall_ms // 1000,
        judged.now.clock,
        SOFTWARE,
        one_line(f"{machine.model}, {machine.system}", MAX_TEXT),
        maintenance,
        simulated,
        hashlib.sha256(config.path.read_bytes()).digest(),
        parts_of(config),
        tuple(checks),
    )


def write(directory: Path, built: AsBuilt, key: SigningKey) -> Path:
    """Write file and page into ``directory``, durably; answers the file. Raises ``StoreError``."""
    data = sign_as_built(built, key)
    write_atomic(directory / PAGE_NAME, (as_built_text(read_as_built(data)[0]) + "\n").encode())
    write_atomic(directory / NAME, data)
    return directory / NAME
