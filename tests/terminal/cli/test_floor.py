"""``floor apply``: a technician with a file that the root signed, and with any other."""

from __future__ import annotations

from msgspec.structs import replace

from sync.statements.floor_lowering import FloorLowering, sign_floor_lowering
from terminal.cli import _answer
from terminal.floor_updates import MAX_LOWERING_BYTES
from terminal.stores.files import WriterLock
from terminal.stores.list_format import LOCK_NAME
from terminal.stores.time_anchor import SavedTime, load_time, save_time
from tests.support.estate import (
    DAY,
    ESTATE_ID,
    FOREVER,
    GATE_ID,
    LISTS,
    NOW,
    ROOT,
    card,
    first_list,
    resident,
    signed_snapshot,
)
from tests.terminal.cli.conftest import House

LOWERING = FloorLowering(ESTATE_ID, GATE_ID, 1, NOW, NOW)
SIGNED = sign_floor_lowering(LOWERING, ROOT)


def test_a_lowered_floor_lets_the_offices_keys_count_again(house: House) -> None:
    save_time(house.state / "sync", SavedTime(FOREVER + DAY, None))
    update = house.file("first.list", signed_snapshot(first_list()))
    assert "expired_key" in house.run("list", "apply", update).err
    said = house.run("floor", "apply", house.file("east.floor", SIGNED))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("floor lowering 1 is in force: certainly not before 2027-01-15 08:00:00Z\n")
    assert house.run("list", "apply", update).code == 0


def test_a_second_time_it_is_a_replay_and_said_so(house: House) -> None:
    file = house.file("east.floor", SIGNED)
    assert house.run("floor", "apply", file, "--json").json == {"ok": True, "serial": 1, "floor": NOW}
    again = house.run("floor", "apply", file, "--json")
    assert (again.code, again.json["attack"]) == (_answer.EXIT_NO, "replayed")
    assert "number 1 was taken already" in again.json["why"]


def test_what_no_root_signed_is_refused_by_name(house: House) -> None:
    forged = sign_floor_lowering(replace(LOWERING, serial=9), LISTS)
    for data, attack in ((forged, "unknown_key"), (b"x" * (MAX_LOWERING_BYTES + 1), "malformed")):
        said = house.run("floor", "apply", house.file("east.floor", data))
        assert said.code == _answer.EXIT_NO
        assert f"east.floor: refused, {attack}: " in said.err
    assert load_time(house.state / "sync") == SavedTime(0, None)


def test_a_file_that_is_not_there_is_named(house: House) -> None:
    said = house.run("floor", "apply", str(house.root / "nowhere"))
    assert said.code == _answer.EXIT_NO_INPUT
    assert "nowhere: cannot be read" in said.err


def test_one_writer_at_a_time(house: House) -> None:
    lock = WriterLock(house.state / "sync" / LOCK_NAME)
    try:
        said = house.run("floor", "apply", house.file("east.floor", SIGNED))
    finally:
        lock.release()
    assert said.code == _answer.EXIT_IO
    assert "another process writes here" in said.err


def test_a_running_gate_and_explain_take_it_over(house: House) -> None:
    house.give_list([resident(1, until=NOW + DAY)])
    save_time(house.state / "sync", SavedTime(FOREVER, None))
    number = card(1).number.hex()
    assert "expired" in house.run("explain", "--card", number, "--door", "pedestrian").out
    house.run("floor", "apply", house.file("east.floor", SIGNED))
    with house.gate():
        floor = house.run("status", "--json").json["clock"]["floor"]
    assert floor == NOW
    assert house.run("explain", "--card", number, "--door", "pedestrian").code == 0
