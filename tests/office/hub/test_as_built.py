"""As-built files at the office: only what the registered gate signed, once, and what has changed since."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from office.__main__ import main
from office.errors import OfficeError
from office.hub.as_built_difference import Difference, differences
from office.hub.as_built_intake import SELF_TEST_FAILED, take_as_built
from office.hub.facts import Gate, LinkKind
from office.hub.schema import HubStoreError
from office.hub.store import HubStore
from sync.as_built import AsBuilt, Check, Part, Result, sign_as_built
from tests.support.as_built import BUILT
from tests.support.estate import ESTATE_ID, GATE_ID, NOW
from tests.support.frozen_store import tables, thaw
from tests.support.hub import gate_key
from tests.support.postgresql import store_address

KEY = gate_key(GATE_ID)
CLEAN = replace(BUILT, checks=(Check("area", Result.PASSED, "clear"),))


@pytest.fixture
def store(tmp_path: Path) -> HubStore:
    made = HubStore.found(store_address(tmp_path), ESTATE_ID)
    made.gates.add(Gate(GATE_ID, "east", KEY.public, LinkKind.NETWORK, None, NOW))
    return made


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (CLEAN, []),
        (replace(CLEAN, made_at=NOW + 9, maintenance=False), []),
        (replace(CLEAN, checks=(Check("area", Result.PASSED, "clear, 9 ms"),)), []),
        (
            replace(CLEAN, checks=(Check("area", Result.FAILED, "not clear"),)),
            [Difference("check area", "passed", "failed")],
        ),
        (replace(CLEAN, checks=()), [Difference("check area", "passed", "nothing")]),
        (
            replace(CLEAN, parts=(Part("doors.main", "strike on GPIO17"), Part("readers.out", "sim"))),
            [
                Difference("part doors.main", "magnet on GPIO17", "strike on GPIO17"),
                Difference("part readers.in", "osdp on /dev/gate-osdp", "nothing"),
                Difference("part readers.out", "nothing", "sim"),
            ],
        ),
        (
            replace(CLEAN, software="gatehouse 0.2.0", simulated=True, config_digest=b"\xff" * 32),
            [
                Difference("configuration", "0001020304050607", "ff" * 8),
                Difference("hardware", "real", "simulated"),
                Difference("software", "gatehouse 0.1.0", "gatehouse 0.2.0"),
            ],
        ),
    ],
)
def test_differences(after: AsBuilt, expected: list[Difference]) -> None:
    assert list(differences(CLEAN, after)) == expected
    assert [(one.before, one.after) for one in differences(after, CLEAN)] == [
        (one.after, one.before) for one in expected
    ]


def test_a_file_is_kept_once_and_compared_with_the_visit_before_it(store: HubStore) -> None:
    with closing(store):
        first = take_as_built(store, sign_as_built(CLEAN, KEY), NOW)
        assert (first.is_new, first.overtaken, first.differences) == (True, False, None)
        again = take_as_built(store, sign_as_built(CLEAN, KEY), NOW + 60)
        assert (again.is_new, again.overtaken, again.differences) == (False, False, None)
        later = replace(CLEAN, made_at=NOW + 900, machine="Raspberry Pi 5")
        third = take_as_built(store, sign_as_built(later, KEY), NOW + 1000)
        assert third.differences == (Difference("machine", CLEAN.machine, "Raspberry Pi 5"),)
        between = replace(CLEAN, made_at=NOW + 500, name="south")
        late = take_as_built(store, sign_as_built(between, KEY), NOW + 2000)
        assert late.overtaken, "a stick that was forgotten in a pocket"
        assert late.differences == (Difference("name", CLEAN.name, "south"),)
        assert store.diary.alarms() == []


def test_what_was_left_unmended_is_an_alarm_once(store: HubStore) -> None:
    with closing(store):
        for _ in range(2):
            take_as_built(store, sign_as_built(BUILT, KEY), NOW)
        alarm = store.diary.alarms()[0]
        assert (alarm.gate_id, alarm.name, alarm.count) == (GATE_ID, SELF_TEST_FAILED, 1)
        assert alarm.text == "1 checks failed: doors.main.lock"


def test_a_file_without_time_counts_from_its_receipt(store: HubStore) -> None:
    with closing(store):
        take_as_built(store, sign_as_built(replace(CLEAN, made_at=None), KEY), NOW)
        taken = take_as_built(store, sign_as_built(replace(CLEAN, made_at=NOW - 5, name="old"), KEY), NOW)
        assert taken.overtaken


def test_what_is_not_of_a_gate_in_the_register_is_refused(store: HubStore) -> None:
    with closing(store):
        for data, why in (
            (b"{}", "the as-built file is damaged"),
            (sign_as_built(CLEAN, gate_key(8)), "not signed by the registered key"),
            (sign_as_built(replace(CLEAN, gate_id=8), KEY), "there is no gate 8"),
            (sign_as_built(replace(CLEAN, estate_id=bytes(8)), KEY), "estate"),
        ):
            with pytest.raises(OfficeError, match=why):
                take_as_built(store, data, NOW)
        store.gates.strike(GATE_ID, NOW)
        with pytest.raises(OfficeError, match="struck off"):
            take_as_built(store, sign_as_built(CLEAN, KEY), NOW)
        assert store.as_built.newest(GATE_ID) is None


def test_the_command_tells_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(HubStore.found(tmp_path / "hub.db", ESTATE_ID)) as store:
        store.gates.add(Gate(GATE_ID, "east", KEY.public, LinkKind.NETWORK, None, NOW))
    path, page = tmp_path / "as-built.json", tmp_path / "page.txt"

    def take(built: AsBuilt) -> Any:
        path.write_bytes(sign_as_built(built, KEY))
        words = ["hub", "as-built", str(tmp_path / "hub.db"), str(path), "--page", str(page), "--json"]
        assert main(words) == 0
        return json.loads(capsys.readouterr().out)

    assert take(CLEAN)["changes"].startswith("none to compare with")
    told = take(replace(BUILT, made_at=NOW + 1))
    assert told["failed"] == 1
    assert told["failed doors.main.lock"] == "it stayed locked: swap NO and NC"
    assert told["changed check doors.main.lock"] == "nothing -> failed"
    assert "TO BE MENDED" in page.read_text("utf-8")
    assert main(["hub", "as-built", str(tmp_path / "hub.db"), str(tmp_path / "nothing.json")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_store_of_version_2_is_brought_up_and_keeps_what_it_had(tmp_path: Path) -> None:
    path = thaw(tmp_path / "hub.db", 2)
    with closing(HubStore(path)) as store, closing(HubStore(path)) as beside:
        assert store.lowerings.open()[0].serial == 4
        gate = store.gates.all()[0]
        store.as_built.add(gate.gate_id, NOW, b"a file", NOW)
        assert beside.as_built.newest(gate.gate_id) == b"a file"
        assert store.store_is_sound()
    HubStore.found(tmp_path / "new.db", ESTATE_ID).close()
    assert tables(path) == tables(tmp_path / "new.db")


def test_a_store_that_cannot_be_brought_up_stays_as_it_is(tmp_path: Path) -> None:
    path = thaw(tmp_path / "hub.db", 2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE as_built_by_time (stands_in_the_way)")
    before = tables(path)
    with pytest.raises(HubStoreError, match="as_built_by_time"):
        HubStore(path)
    assert tables(path) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
