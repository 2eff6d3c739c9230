"""The frozen vectors of site bundles and enrolment requests: they never change, whatever the code does."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sync.bundle import SealedBundle, read_bundle, seal_bundle, unseal
from sync.bundle_code import bundle_key
from sync.bundle_content import BundleContent, open_content, sign_content
from sync.bundle_errors import BundleError
from sync.enrolment import EnrolmentRequest, sign_enrolment, verify_enrolment
from sync.keys import SigningKey
from sync.update import ListVersion

VECTORS = Path(__file__).parents[2] / "sync" / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


ESTATE, STATEMENTS, BUNDLE = load("estate"), load("statements"), load("bundle")
KEYS = {name: SigningKey(bytes.fromhex(one["seed"])) for name, one in ESTATE["keys"].items()}
CHAINS = [bytes.fromhex(one) for one in STATEMENTS["delegations"]]
TOKEN = SigningKey(bytes.fromhex(BUNDLE["token_seed"]))
KEY = bytes.fromhex(BUNDLE["key"])
FILE = bytes.fromhex(BUNDLE["file"])
SAID = BUNDLE["content"]
CONTENT = BundleContent(
    bytes.fromhex(ESTATE["estate_id"]),
    ESTATE["gate_id"],
    SAID["name"],
    SAID["made_at"],
    SAID["not_after"],
    SAID["replaces"],
    tuple(bytes.fromhex(one) for one in SAID["roots"]),
    TOKEN,
    bytes.fromhex(SAID["config"]),
    bytes.fromhex(SAID["first_list"]),
    ListVersion(*SAID["minimum"]),
    tuple(bytes.fromhex(one) for one in SAID["delegations"]),
    SAID["withdrawals"],
)


def opened(data: bytes) -> BundleContent:
    bundle = read_bundle(data)
    return open_content(unseal(bundle, KEY), bundle, floor=ESTATE["floor"])


def test_the_code_still_stands_for_the_same_key() -> None:
    assert bundle_key(BUNDLE["code"], bytes.fromhex(BUNDLE["salt"])) == KEY


def test_the_bundle_still_says_the_same() -> None:
    assert opened(FILE) == CONTENT


def test_the_office_still_writes_the_same() -> None:
    claim = SealedBundle(CONTENT.estate_id, CONTENT.gate_id, CONTENT.not_after, read_bundle(FILE).salt, b"")
    assert seal_bundle(sign_content(CONTENT, KEYS["list"], (CHAINS[0],)), KEY, claim) == FILE


@pytest.mark.parametrize("refused", BUNDLE["refused"], ids=lambda one: one["name"])
def test_refused(refused: dict[str, str]) -> None:
    with pytest.raises(BundleError) as found:
        opened(bytes.fromhex(refused["file"]))
    assert found.value.cause == refused["cause"]


def test_the_request() -> None:
    said, own = BUNDLE["request"], SigningKey(bytes.fromhex(STATEMENTS["gate_key"]["seed"]))
    request = EnrolmentRequest(
        CONTENT.estate_id,
        CONTENT.gate_id,
        own.public,
        TOKEN.public,
        bytes.fromhex(said["bundle_digest"]),
        said["software"],
        said["today"],
    )
    assert request.bundle_digest == sha256(FILE).digest()
    assert verify_enrolment(bytes.fromhex(said["signed"])) == request
    assert sign_enrolment(request, own, TOKEN).hex() == said["signed"]
