"""The frozen vectors of format version 1: they never change, whatever the code does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sync.chain import Anchor
from sync.content import MemoryContent
from sync.delta import decode_delta
from sync.encoding import decode_record, decode_settings, encode_settings, stored
from sync.envelope import UpdateKind, parse_envelope, seal
from sync.keys import SigningKey
from sync.publishing import Destination, delta, snapshot
from sync.refusal import ListRefusedError
from sync.trust import Current, TrustedList
from sync.update import Accepted, ListVersion

VECTORS = Path(__file__).parents[2] / "sync" / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


ESTATE = load("estate")
ACCEPTED = load("accepted")
KEYS = {name: SigningKey(bytes.fromhex(one["seed"])) for name, one in ESTATE["keys"].items()}
ANCHOR = Anchor(bytes.fromhex(ESTATE["estate_id"]), ESTATE["gate_id"], (KEYS["root"].public,))


def after(count: int) -> TrustedList:
    """The gate's state after the first ``count`` accepted updates."""
    trusted = TrustedList(ANCHOR, None, None)
    for one in ACCEPTED[:count]:
        outcome = trusted.update(bytes.fromhex(one["envelope"]), floor=ESTATE["floor"])
        assert isinstance(outcome, Accepted)
        before = trusted.content if isinstance(trusted.content, MemoryContent) else MemoryContent(b"", ())
        current = Current(outcome.version, outcome.digest, outcome.issued_at, outcome.memory)
        trusted = TrustedList(ANCHOR, current, before.after(outcome))
    return trusted


@pytest.mark.parametrize("number", range(len(ACCEPTED)), ids=[one["name"] for one in ACCEPTED])
def test_accepted(number: int) -> None:
    trusted, expected = after(number + 1), ACCEPTED[number]
    assert trusted.current is not None
    assert trusted.content is not None
    assert trusted.current.version == ListVersion(expected["epoch"], expected["revision"])
    assert trusted.current.digest.hex() == expected["digest"]
    assert trusted.current.issued_at == expected["issued_at"]
    assert trusted.content.settings().hex() == expected["settings"]
    found = [[one.key.hex(), one.grant_id, one.data.hex()] for one in trusted.content.records()]
    assert found == expected["records"]
    for one in trusted.content.records():
        assert stored(decode_record(one)) == one
    settings = trusted.content.settings()
    assert encode_settings(decode_settings(settings)) == settings


@pytest.mark.parametrize("number", range(len(ACCEPTED)), ids=[one["name"] for one in ACCEPTED])
def test_the_office_still_writes_the_same(number: int) -> None:
    data = bytes.fromhex(ACCEPTED[number]["envelope"])
    envelope = parse_envelope(data)
    statement = envelope.statement
    here = Destination(statement.estate_id, statement.gate_id)
    signers = [key for one in envelope.signatures for key in KEYS.values() if key.key_id == one.key_id]
    assert seal(statement, signers, delegations=envelope.delegations) == data
    before = after(number)
    if statement.kind is UpdateKind.SNAPSHOT:
        content = after(number + 1).content
        assert isinstance(content, MemoryContent)
        again = snapshot(here, content, statement.version, issued_at=statement.issued_at)
    else:
        assert isinstance(before.content, MemoryContent)
        assert before.current is not None
        base = (before.current.version, before.content)
        steps = decode_delta(statement.content)
        again, _ = delta(here, base, steps, issued_at=statement.issued_at)
        assert again == statement
    assert again.digest == statement.digest


@pytest.mark.parametrize("case", load("refused"), ids=lambda case: case["attack"])
def test_refused(case: dict[str, str]) -> None:
    with pytest.raises(ListRefusedError) as refused:
        after(len(ACCEPTED)).update(bytes.fromhex(case["envelope"]), floor=ESTATE["floor"])
    assert refused.value.attack == case["attack"]


def test_published_keys_fit_their_seeds() -> None:
    for name, key in KEYS.items():
        assert key.public.hex() == ESTATE["keys"][name]["public"]
        assert key.key_id.hex() == ESTATE["keys"][name]["key_id"]
