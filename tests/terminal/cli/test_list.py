"""``list apply``, ``inspect`` and ``verify``: what a technician with a file can do, and cannot."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.delta import ReplaceSettings, Revoke, Step
from sync.encoding import encode_settings
from sync.envelope import MAX_ENVELOPE_BYTES, ListStatement, UpdateKind, seal
from sync.publishing import Destination, delta, snapshot
from sync.records import RevocationReason
from sync.update import ListVersion
from terminal.cli import _answer
from terminal.stores.files import WriterLock
from terminal.stores.list_format import LOCK_NAME
from terminal.stores.time_anchor import FILE_NAME, SavedTime, save_time
from tests.support.estate import (
    CHAIN,
    DAY,
    ESTATE_ID,
    FOREVER,
    GATE_ID,
    HERE,
    LISTS,
    NOW,
    ONLINE,
    SETTINGS,
    card,
    first_list,
    key,
    signed_snapshot,
    withdraw,
)
from tests.terminal.cli.conftest import House

OTHER_GATE = seal(
    snapshot(Destination(ESTATE_ID, 8), first_list(), ListVersion(1, 1), issued_at=NOW),
    (LISTS,),
    delegations=CHAIN,
)
OTHER_ESTATE = seal(
    snapshot(Destination(b"estate 2", GATE_ID), first_list(), ListVersion(1, 1), issued_at=NOW),
    (LISTS,),
    delegations=CHAIN,
)
FORGED = seal(
    snapshot(HERE, first_list(), ListVersion(1, 9), issued_at=NOW), (key("thief"),), delegations=CHAIN
)


def revocation(*, settings: bytes | None = None) -> bytes:
    steps: list[Step] = [Revoke(card(3).key, 1003, RevocationReason.LOST, NOW)]
    if settings is not None:
        steps.append(ReplaceSettings(settings))
    statement, _ = delta(HERE, (ListVersion(1, 1), first_list()), steps, issued_at=NOW)
    return seal(statement, (LISTS,), delegations=CHAIN)


def files(house: House) -> dict[str, bytes]:
    """The list directory, byte for byte; SQLite's side files aside."""
    return {
        path.name: path.read_bytes()
        for path in (house.state / "sync").iterdir()
        if not path.name.endswith(("-wal", "-shm"))
    }


def test_apply_answers_with_a_receipt(house: House) -> None:
    file = house.file("east.list", signed_snapshot(first_list()))
    said = house.run("list", "apply", file)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("list 1.1 is in force\ndigest ")
    again = house.run("list", "apply", file, "--json").json
    assert (again["ok"], again["outcome"], again["version"]) == (True, "unchanged", "1.1")
    assert again["digest"] in said.out


def test_a_running_gate_uses_the_new_list_at_once(house: House) -> None:
    house.give_list()
    with house.gate():
        said = house.run("list", "apply", house.file("delta", revocation()), "--json").json
        assert (said["outcome"], said["gate_uses"]) == ("applied", "1.2")
        tapped = house.run("tap", "--reader", "in", "--card", card(3).number.hex(), "--json").json
    assert tapped["event"]["reason"] == "lost"


@pytest.mark.parametrize(
    ("data", "attack"),
    [
        (OTHER_GATE, "wrong_gate"),
        (OTHER_ESTATE, "wrong_estate"),
        (FORGED, "unknown_key"),
        (signed_snapshot(first_list(), 1), "rollback"),
        (signed_snapshot(first_list(19), 2), "equivocation"),
        (signed_snapshot(first_list(), 3)[:-100], "malformed"),
        (b"", "malformed"),
        (b"\x00" * (MAX_ENVELOPE_BYTES + 1), "oversize"),
        (signed_snapshot(first_list(1), 3), "mass_removal"),
    ],
)
def test_a_refusal_names_the_attack_and_leaves_the_list(house: House, data: bytes, attack: str) -> None:
    house.give_list()
    assert house.run("list", "apply", house.file("second", signed_snapshot(first_list(), 2))).code == 0
    before = files(house)
    said = house.run("list", "apply", house.file("update", data))
    assert (said.code, said.out) == (_answer.EXIT_NO, "")
    assert f"update: refused, {attack}: " in said.err
    fields = house.run("list", "apply", house.file("update", data), "--json").json
    assert (fields["ok"], fields["attack"]) == (False, attack)
    assert files(house) == before


def test_a_refused_file_may_still_bring_withdrawals(house: House) -> None:
    house.give_list()
    bad = signed_snapshot(first_list(19), 1, withdrawals=withdraw(1, ONLINE))
    assert "equivocation" in house.run("list", "apply", house.file("bad", bad)).err
    steps: list[Step] = [Revoke(card(3).key, 1003, RevocationReason.LOST, NOW)]
    statement, _ = delta(HERE, (ListVersion(1, 1), first_list()), steps, issued_at=NOW)
    said = house.run("list", "apply", house.file("delta", seal(statement, (ONLINE,))))
    assert "withdrawn_key" in said.err


def test_the_time_anchor_s_floor_ends_keys(house: House) -> None:
    save_time(house.state / "sync", SavedTime(FOREVER + DAY, None))
    said = house.run("list", "apply", house.file("late", signed_snapshot(first_list())))
    assert "refused, expired_key" in said.err


def test_a_damaged_time_anchor_is_told_and_does_not_stop_a_list(house: House) -> None:
    (house.state / "sync" / FILE_NAME).write_bytes(b"torn")
    said = house.run("list", "apply", house.file("first", signed_snapshot(first_list())))
    assert said.code == 0
    assert "warning: " in said.out
    assert "time-anchor: damaged" in said.out


def test_one_writer_at_a_time(house: House) -> None:
    lock = WriterLock(house.state / "sync" / LOCK_NAME)
    try:
        said = house.run("list", "apply", house.file("first", signed_snapshot(first_list())))
    finally:
        lock.release()
    assert said.code == _answer.EXIT_IO
    assert "another process writes here" in said.err


@pytest.mark.parametrize("action", ["apply", "inspect"])
def test_a_file_that_cannot_be_read_is_named(house: House, action: str) -> None:
    for path in (house.root / "nowhere.list", house.state):
        said = house.run("list", action, str(path))
        assert said.code == _answer.EXIT_NO_INPUT
        assert f"{path}: cannot be read" in said.err


def test_inspect_needs_no_configuration(house: House) -> None:
    said = house.run_bare("list", "inspect", house.file("first", signed_snapshot(first_list())))
    assert said.code == 0
    assert "snapshot 1.1" in said.out
    assert "for gate 7 of estate 6573746174652031" in said.out
    assert "20 credentials; grants: 20 resident; ended: none" in said.out
    assert "settings: Asia/Shanghai, doors 1, 2, 2 schedules" in said.out


def test_inspect_shows_the_steps_of_a_delta(house: House) -> None:
    data = revocation(settings=encode_settings(SETTINGS))
    fields = house.run_bare("list", "inspect", house.file("delta", data), "--json").json
    assert (fields["kind"], fields["builds_on"]) == ("delta", 1)
    assert fields["steps"] == {"replacesettings": 1, "revoke": 1}
    assert fields["settings"]["time_zone"] == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (signed_snapshot(first_list()), 0, "the signatures hold, signed as list"),
        (OTHER_GATE, 1, "the signatures hold, signed as list; it is NOT for this gate"),
        (FORGED, 1, "not believed, unknown_key"),
        (
            seal(snapshot(HERE, first_list(), ListVersion(1, 1), issued_at=NOW), (LISTS,)),
            1,
            "brings no delegations",
        ),
    ],
)
def test_inspect_with_a_configuration_judges_the_signatures(
    house: House, data: bytes, code: int, says: str
) -> None:
    said = house.run("list", "inspect", house.file("update", data))
    assert said.code == code
    assert says in said.out


def test_inspect_tells_a_content_that_has_another_digest(house: House) -> None:
    made = snapshot(HERE, first_list(), ListVersion(1, 1), issued_at=NOW)
    changed = ListStatement(
        HERE.estate_id, GATE_ID, ListVersion(1, 1), 0, NOW, UpdateKind.SNAPSHOT, bytes(32), made.content
    )
    said = house.run_bare("list", "inspect", house.file("odd", seal(changed, (LISTS,))))
    assert "THE CONTENT DOES NOT HAVE THIS DIGEST" in said.out


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300)
    | st.tuples(st.integers(0, 2000), st.integers(1, 255)).map(
        lambda at: flipped(signed_snapshot(first_list(3)), at[0], at[1])
    )
)
def test_inspect_of_hostile_bytes_only_gives_our_error(house: House, data: bytes) -> None:
    said = house.run("list", "inspect", house.file("hostile", data), "--json")
    assert said.json["ok"] == (said.code == 0)
    assert said.code in (0, 1)
    assert said.err == ""


def flipped(data: bytes, at: int, by: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]


def damage(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(change).rowcount
        connection.commit()


def test_verify_tells_what_is_there(house: House) -> None:
    assert house.run("list", "verify").code == _answer.EXIT_NO
    house.give_list()
    said = house.run("list", "verify")
    assert said.code == 0
    assert said.out == "list-a.db  in force: list 1.1, 20 records, sound\n"


def test_verify_finds_damage_and_repair_switches_to_the_sound_list(house: House) -> None:
    house.give_list()
    assert house.run("list", "apply", house.file("second", signed_snapshot(first_list(21), 2))).code == 0
    damage(house.state / "sync" / "list-b.db", "UPDATE records SET crc = 1 WHERE grant_id = 1003")
    said = house.run("list", "verify")
    assert said.code == _answer.EXIT_DAMAGED
    assert "list verify --repair" in said.out
    with house.gate():
        repaired = house.run("list", "verify", "--repair", "--json").json
        assert (repaired["ok"], repaired["gate_uses"]) == (True, "1.1")
    assert repaired["repaired"]
    assert [one["version"] for one in repaired["lists"]] == ["1.1"]
    assert list((house.state / "sync").glob("list-b.db.damaged-1"))


def test_repair_never_switches_to_a_list_that_is_damaged_too(house: House) -> None:
    house.give_list()
    assert house.run("list", "apply", house.file("second", signed_snapshot(first_list(21), 2))).code == 0
    for name in ("list-a.db", "list-b.db"):
        damage(house.state / "sync" / name, "UPDATE records SET crc = 1 WHERE grant_id = 1003")
    said = house.run("list", "verify", "--repair")
    assert said.code == _answer.EXIT_DAMAGED
    assert "list-b.db  in force: list 1.2" in said.out
    assert "apply a whole list from the office" in said.out


def test_damage_beside_the_list_in_force_waits_for_the_next_whole_list(house: House) -> None:
    house.give_list()
    assert house.run("list", "apply", house.file("second", signed_snapshot(first_list(21), 2))).code == 0
    damage(house.state / "sync" / "list-a.db", "UPDATE records SET crc = 1 WHERE grant_id = 1003")
    said = house.run("list", "verify", "--repair")
    assert said.code == _answer.EXIT_DAMAGED
    assert "the list in force is sound" in said.out
    assert house.run("list", "apply", house.file("third", signed_snapshot(first_list(22), 3))).code == 0
    assert house.run("list", "verify").code == 0


def test_a_damaged_pointer_is_repaired(house: House) -> None:
    house.give_list()
    (house.state / "sync" / "active").write_bytes(b"torn")
    assert house.run("list", "verify").code == _answer.EXIT_DAMAGED
    assert house.run("list", "verify", "--repair").code == 0
    assert house.run("list", "verify").code == 0
