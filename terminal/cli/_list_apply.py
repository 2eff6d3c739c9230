"""``list apply FILE``: the update is judged as if the link had brought it, and put into force."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from sync.refusal import ListRefusedError
from terminal.cli._answer import Answer, Fields, answer
from terminal.cli._gate_time import time_keeper
from terminal.cli._list_file import read_update, refusal, tell_gate
from terminal.config import Config
from terminal.list_updates import Taken, anchor_of, take_update
from terminal.stores.list_store import ListStore


def run(arguments: argparse.Namespace) -> int:
    """Apply; 0 when the list is in force, 1 when the update was refused."""
    return answer(arguments, lambda config: _apply(config, arguments.file))


def _apply(config: Config, path: Path) -> Answer:
    keeper, clock_fault = time_keeper(config)
    try:
        data = read_update(path)
        with closing(ListStore(config.sync_dir, estate_id=config.estate_id, gate_id=config.gate.id)) as store:
            receipt = take_update(store, anchor_of(config), data, floor=keeper.floor)
            warnings = [*store.faults, *filter(None, [clock_fault])]
    except ListRefusedError as refused:
        raise refusal(path, refused) from refused
    told = tell_gate(config)
    fields: Fields = {
        "outcome": "unchanged" if receipt.unchanged else "applied",
        "version": str(receipt.version),
        "digest": receipt.digest.hex(),
        "issued_at": receipt.issued_at,
        "warnings": warnings,
        **told,
    }
    return Answer(
        fields, "\n".join([_text(receipt), _gate_text(told), *(f"warning: {one}" for one in warnings)])
    )


def _text(receipt: Taken) -> str:
    verb = "was in force already, nothing changed" if receipt.unchanged else "is in force"
    return f"list {receipt.version} {verb}\ndigest {receipt.digest.hex()}"


def _gate_text(told: Fields) -> str:
    if told["gate_uses"] is None:
        why = told.get("gate_not_told", "it has no list")
        return f"no running gate was told, one finds out by itself: {why}"
    return f"the running gate uses list {told['gate_uses']}"
