"""The as-built file: what a gate signed is what the office reads, whatever its spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.as_built import (
    LAST_UTC,
    MAX_CHECKS,
    MAX_FILE_BYTES,
    MAX_NAME,
    MAX_PARTS,
    MAX_TEXT,
    AsBuilt,
    AsBuiltError,
    Check,
    Part,
    Result,
    read_as_built,
    sign_as_built,
    verify_as_built,
)
from sync.as_built_text import as_built_text
from sync.codec import CodecError
from sync.records import ClockState
from sync.statements.wire import Sender
from tests.support.as_built import BUILT
from tests.support.estate import GATE_ID, NOW, key
from tests.support.statements import GATE_KEY, SENDER

FROZEN = Path(__file__).parents[2] / "sync" / "vectors" / "as_built.json"
words = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=60)
builts = st.builds(
    AsBuilt,
    st.binary(min_size=8, max_size=8),
    st.integers(1, 2**32 - 1),
    words,
    st.none() | st.integers(0, LAST_UTC),
    st.sampled_from(ClockState),
    words,
    words,
    st.booleans(),
    st.booleans(),
    st.binary(min_size=32, max_size=32),
    st.lists(st.builds(Part, words, words), max_size=5, unique_by=lambda one: one.name).map(tuple),
    st.lists(
        st.builds(Check, words, st.sampled_from(Result), words), max_size=5, unique_by=lambda one: one.name
    ).map(tuple),
)


@given(builts)
def test_what_is_signed_is_what_is_read(built: AsBuilt) -> None:
    data = sign_as_built(built, GATE_KEY)
    sender = Sender(built.estate_id, built.gate_id, GATE_KEY.public)
    assert verify_as_built(data, sender) == built
    assert read_as_built(data)[0] == built
    assert all(line.isprintable() for line in as_built_text(built).split("\n"))


def test_spelling_does_not_count() -> None:
    fields = json.loads(sign_as_built(BUILT, GATE_KEY))
    turned = json.dumps(dict(reversed(fields.items())), indent=7).replace("\n", "\r\n")
    assert verify_as_built(turned.encode(), SENDER) == BUILT


def _set(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda fields: fields.__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_set("format", "gatehouse as built 2"), "update this side"),
        (_set("gate", GATE_ID + 1), "expected is gate 7"),
        (_set("estate", "00" * 8), "expected is"),
        (_set("estate", "00" * 7), "estate"),
        (_set("name", "south"), "not signed by the registered key"),
        (_set("made_at", NOW + 1), "not signed by the registered key"),
        (_set("made_at", None), "not signed by the registered key"),
        (_set("made_at", LAST_UTC + 1), "made at"),
        (_set("made_at", 1.5), "damaged"),
        (_set("clock", "suspect"), "not signed by the registered key"),
        (_set("clock", "sundial"), "damaged"),
        (_set("simulated", True), "not signed by the registered key"),
        (_set("maintenance", 1), "damaged"),
        (_set("checks", []), "not signed by the registered key"),
        (_set("config_sha256", "zz"), "damaged"),
        (_set("signature", "00" * 64), "not signed by the registered key"),
        (_set("signature", "00"), "signature"),
        (_set("holder", "somebody"), "unknown field"),
        (lambda fields: fields.pop("parts"), "missing required field"),
        (lambda fields: fields["checks"][1].update(result="passed"), "not signed by the registered key"),
        (lambda fields: fields["checks"][1].update(result="maybe"), "Invalid enum value"),
        (lambda fields: fields["checks"][1].update(text="a\x1b[2J"), "printable"),
        (lambda fields: fields["checks"][1].update(text=""), "printable"),
        (lambda fields: fields["checks"].append(fields["checks"][0]), "twice"),
        (lambda fields: fields["parts"].append(fields["parts"][0]), "twice"),
    ],
)
def test_what_was_changed_is_refused(change: Callable[[dict[str, Any]], None], why: str) -> None:
    fields = json.loads(sign_as_built(BUILT, GATE_KEY))
    change(fields)
    with pytest.raises(AsBuiltError, match=why):
        verify_as_built(json.dumps(fields).encode(), SENDER)


def test_another_key_is_refused() -> None:
    data = sign_as_built(BUILT, key("gate 8"))
    assert read_as_built(data)[0] == BUILT
    with pytest.raises(AsBuiltError, match="another device"):
        verify_as_built(data, SENDER)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(AsBuiltError):
        verify_as_built(noise, SENDER)


@pytest.mark.parametrize(
    "hostile",
    [b" " * (MAX_FILE_BYTES + 1), b"[" * 100_000, b'{"format": ' * 20_000, b"[]", b"null", b'"\\ud800"'],
)
def test_hostile_bytes_are_refused(hostile: bytes) -> None:
    with pytest.raises(AsBuiltError):
        read_as_built(hostile)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BUILT, name="x" * (MAX_NAME + 1)),
        replace(BUILT, machine="x" * (MAX_TEXT + 1)),
        replace(BUILT, software=""),
        replace(BUILT, made_at=-1),
        replace(BUILT, config_digest=b""),
        replace(BUILT, parts=tuple(Part(f"p{n}", "x") for n in range(MAX_PARTS + 1))),
        replace(BUILT, checks=tuple(Check(f"c{n}", Result.PASSED, "x") for n in range(MAX_CHECKS + 1))),
    ],
)
def test_what_is_outside_the_format_is_not_signed(wrong: AsBuilt) -> None:
    with pytest.raises(CodecError):
        sign_as_built(wrong, GATE_KEY)


def test_the_largest_fits() -> None:
    largest = replace(
        BUILT,
        parts=tuple(Part(f"{n:03}" + "门" * (MAX_NAME - 3), "x" * 40) for n in range(MAX_PARTS)),
        checks=tuple(Check(f"c{n}", Result.PASSED, "x" * 60) for n in range(MAX_CHECKS)),
    )
    assert verify_as_built(sign_as_built(largest, GATE_KEY), SENDER) == largest


def test_the_frozen_file_is_read_for_ever() -> None:
    assert verify_as_built(FROZEN.read_bytes(), SENDER) == BUILT
    assert sign_as_built(BUILT, GATE_KEY) == FROZEN.read_bytes()


def test_the_page_begins_with_what_is_to_be_mended() -> None:
    page = as_built_text(BUILT)
    assert page.index("TO BE MENDED") < page.index("PARTS") < page.index("CHECKS")
    assert "1 passed, 1 failed, 1 skipped" in page
    assert "2027-01-15 08:00 UTC" in page
    assert "SIMULATED" in as_built_text(replace(BUILT, simulated=True))
    assert "did not know" in as_built_text(replace(BUILT, made_at=None))
