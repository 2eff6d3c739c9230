"""The frozen vectors of signed statements: they never change, whatever the code does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import fields

from sync.chain import Anchor
from sync.keys import SigningKey
from sync.statements import floor_lowering, log_epoch, log_head, order, pulse, receipt
from sync.statements.authority import Authority
from sync.statements.refusal import StatementError
from sync.statements.wire import Sender

VECTORS = Path(__file__).parents[3] / "sync" / "vectors"
ESTATE = json.loads((VECTORS / "estate.json").read_text("utf-8"))
FILE = json.loads((VECTORS / "statements.json").read_text("utf-8"))
KEYS = {name: SigningKey(bytes.fromhex(one["seed"])) for name, one in ESTATE["keys"].items()}
KEYS["gate"] = SigningKey(bytes.fromhex(FILE["gate_key"]["seed"]))
ESTATE_ID, GATE_ID = bytes.fromhex(ESTATE["estate_id"]), ESTATE["gate_id"]
SENDER = Sender(ESTATE_ID, GATE_ID, KEYS["gate"].public)
AUTHORITY = Authority(Anchor(ESTATE_ID, GATE_ID, (KEYS["root"].public,))).learn(
    [bytes.fromhex(one) for one in FILE["delegations"]]
)
NONCE, FLOOR = bytes.fromhex(FILE["nonce"]), ESTATE["floor"]
SIGN: dict[str, Any] = {
    "receipt": receipt.sign_receipt,
    "log_head": log_head.sign_log_head,
    "log_epoch": log_epoch.sign_log_epoch,
    "pulse_answer": pulse.sign_pulse_answer,
    "order": order.sign_order,
    "floor_lowering": floor_lowering.sign_floor_lowering,
}


def verify(kind: str, data: bytes) -> Any:
    match kind:
        case "receipt":
            return receipt.verify_receipt(data, SENDER)
        case "log_head":
            return log_head.verify_log_head(data, SENDER)
        case "log_epoch":
            return log_epoch.verify_log_epoch(data, SENDER)
        case "pulse_answer":
            return pulse.verify_pulse_answer(data, AUTHORITY, nonce=NONCE, floor=FLOOR)
        case "order":
            counter = FILE["last_counter"]
            return order.verify_order(data, AUTHORITY, session_nonce=NONCE, last_counter=counter, floor=FLOOR)
        case _:
            serial = FILE["last_serial"]
            return floor_lowering.verify_floor_lowering(data, AUTHORITY, last_serial=serial)


def plain(value: Any) -> Any:
    """A statement as JSON has it: bytes in hexadecimal, enums by their numbers."""
    match value:
        case Struct():
            return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
        case bytes():
            return value.hex()
        case tuple():
            return [plain(one) for one in value]
        case Mapping():
            return {name: plain(one) for name, one in value.items()}
        case int() if not isinstance(value, bool):
            return int(value)
    return value


@pytest.mark.parametrize("one", FILE["accepted"], ids=lambda one: one["name"])
def test_accepted(one: dict[str, Any]) -> None:
    data = bytes.fromhex(one["data"])
    statement = verify(one["kind"], data)
    assert plain(statement) == one["says"]
    chain = [tuple(bytes.fromhex(each) for each in one["chain"])] if one["chain"] else []
    assert SIGN[one["kind"]](statement, KEYS[one["signer"]], *chain) == data


@pytest.mark.parametrize("one", FILE["refused"], ids=lambda one: one["name"])
def test_refused(one: dict[str, Any]) -> None:
    with pytest.raises(StatementError) as refused:
        verify(one["kind"], bytes.fromhex(one["data"]))
    assert refused.value.attack == one["attack"]


def test_every_kind_is_there() -> None:
    assert {one["kind"] for one in FILE["accepted"]} == set(SIGN)


def test_the_published_gate_key_fits_its_seed() -> None:
    assert KEYS["gate"].public.hex() == FILE["gate_key"]["public"]
