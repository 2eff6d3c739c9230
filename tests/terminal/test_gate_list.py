"""The permission list under a running gate: replaced, damaged, missing, of another gate."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.events import EventKind
from sync.records import MappingRule, Reason, project
from terminal.stores.list_format import POINTER_NAME, Side, read_pointer
from tests.support.estate import card
from tests.support.gate_estate import (
    BASIC,
    DOORS,
    LONG,
    MAIN_LOCK,
    OTHER,
    RESIDENT,
    SIDE_LOCK,
    UNKNOWN,
    grant,
    lost,
)
from tests.support.gate_rig import GateRig
from tests.terminal.conftest import MakeRig

WITHOUT_RESIDENT = (lost(RESIDENT), *BASIC.records[1:])


def in_force(rig: GateRig) -> Path:
    side = read_pointer(rig.gate.config.sync_dir)
    assert side is not None
    return rig.gate.config.sync_dir / side.file_name


def scribble(path: Path) -> None:
    """Overwrite everything behind the first page of a database, in place."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))


def versions(rig: GateRig) -> list[object]:
    return [one.detail["version"] for one in rig.events(EventKind.LIST_CHANGED)]


def test_a_replaced_list_counts_from_the_next_tap_without_being_told(rig: GateRig) -> None:
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rig.advance(10)
    rig.publish(WITHOUT_RESIDENT)
    assert rig.tap("in", RESIDENT) is Reason.LOST
    assert rig.level(MAIN_LOCK) is False
    assert versions(rig) == ["1.1", "1.2"]


def test_a_new_list_is_noticed_without_a_tap(rig: GateRig) -> None:
    rig.publish(WITHOUT_RESIDENT)
    rig.advance(10)
    assert versions(rig) == ["1.1", "1.2"]


def test_a_list_replaced_again_and_again_is_old_or_new_and_never_a_mixture(rig: GateRig) -> None:
    """Odd lists hold door main alone and say so to card 40, even ones door side."""
    main, side = (replace(BASIC.settings, doors=(door,)) for door in DOORS)
    for turn in range(6):
        door, settings = ("main", main) if turn % 2 else ("side", side)
        access = grant(40).access[:1] if turn % 2 else grant(40).access[1:]
        rig.publish([grant(40, access=access), *BASIC.records], settings)
        opens, other = ("in", "side") if door == "main" else ("side", "in")
        assert rig.tap(opens, 40) is Reason.GRANTED
        assert rig.tap(other, 40) is Reason.FAULT  # this list does not have that door
        rig.advance(10)


def test_a_new_list_that_maps_a_readers_numbers_anew_counts_whole_from_the_first_tap(rig: GateRig) -> None:
    """Reader 1 delivers the low 16 bits from now on, and the list holds the cards as it sees them."""
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    rule = MappingRule(low_bits=16)
    short = replace(grant(RESIDENT), credential=project(card(RESIDENT), rule))
    rig.publish([short], replace(BASIC.settings, mappings=((1, rule),)))
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("out", RESIDENT) is Reason.UNKNOWN_CREDENTIAL


def test_a_gate_without_a_list_opens_nothing_and_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(listed=False).start()
    assert rig.tap("in", RESIDENT) is Reason.FAULT
    assert rig.tap("side", UNKNOWN) is Reason.FAULT
    assert rig.moved(MAIN_LOCK) == rig.moved(SIDE_LOCK) == [False]
    (fault,) = rig.events(EventKind.LIST_FAULT)
    assert "no permission list" in str(fault.detail["cause"])
    assert "no permission list" in rig.gate.status_line()
    assert rig.order("status")["list"] is None


def test_a_first_list_makes_it_serve(make_rig: MakeRig) -> None:
    rig = make_rig(listed=False).start()
    rig.publish(BASIC.records)
    assert rig.order("list_changed") == {"version": "1.1"}
    assert rig.tap("in", RESIDENT) is Reason.GRANTED


def damage_in_place(rig: GateRig) -> None:
    scribble(in_force(rig))


def lose_the_file(rig: GateRig) -> None:
    for path in rig.gate.config.sync_dir.glob(f"{in_force(rig).name}*"):
        path.unlink()
    (rig.gate.config.sync_dir / POINTER_NAME).touch()


def empty_the_file(rig: GateRig) -> None:
    in_force(rig).write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_in_place, lose_the_file, empty_the_file])
def test_the_list_before_stands_in_for_a_damaged_one_and_revives_no_revoked_card(
    rig: GateRig, damage: Callable[[GateRig], None]
) -> None:
    rig.publish(WITHOUT_RESIDENT)
    assert rig.tap("in", RESIDENT) is Reason.LOST
    damage(rig)
    rig.restart()
    assert rig.tap("in", RESIDENT) is Reason.LOST
    assert rig.tap("in", OTHER) is Reason.GRANTED
    assert rig.events(EventKind.LIST_FAULT)
    status = rig.order("status")["list"]
    assert status["stands_in"] is True
    assert status["fault"]


def test_damage_under_the_running_gate_is_noticed_at_the_tap_that_meets_it(rig: GateRig) -> None:
    rig.publish(WITHOUT_RESIDENT)
    rig.tap("in", UNKNOWN)
    path = in_force(rig)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET data = X'00' || substr(data, 2)")
    assert rig.tap("in", OTHER) is Reason.GRANTED  # the list before stands in
    assert rig.tap("in", RESIDENT) is Reason.LOST
    (fault,) = rig.events(EventKind.LIST_FAULT)
    assert "fails its checksum" in str(fault.detail["cause"])


def test_a_damaged_row_is_told_once_however_often_it_is_met_and_again_of_another_list(rig: GateRig) -> None:
    rig.publish(WITHOUT_RESIDENT)

    def spoil(number: int, by: int = 1) -> None:
        with closing(sqlite3.connect(in_force(rig))) as connection, connection:
            connection.execute("UPDATE records SET crc = crc + ? WHERE key = ?", (by, card(number).key))

    spoil(OTHER)
    rig.tap("in", UNKNOWN)
    for _ in range(4):
        assert rig.tap("in", OTHER) is Reason.GRANTED
        assert rig.order("status")["list"]["fault"]
        rig.advance(11)
        assert not rig.order("status")["list"]["fault"]
    assert len(rig.events(EventKind.LIST_FAULT)) == 1
    told = len(versions(rig))
    spoil(LONG)
    for _ in range(2):
        rig.tap("in", LONG)
        rig.tap("in", OTHER)
        rig.advance(11)
    assert len(rig.events(EventKind.LIST_FAULT)) == 2
    assert len(versions(rig)) <= told + 1
    for number in (OTHER, LONG):
        spoil(number, -1)
    rig.publish(WITHOUT_RESIDENT)
    spoil(OTHER)
    rig.tap("in", UNKNOWN)
    rig.tap("in", OTHER)
    assert len(rig.events(EventKind.LIST_FAULT)) == 3


def test_a_list_found_damaged_as_a_whole_is_stood_in_for(rig: GateRig) -> None:
    rig.publish(WITHOUT_RESIDENT)
    rig.tap("in", UNKNOWN)
    rig.gate.permissions.distrust("3 damaged parts")
    assert rig.tap("in", RESIDENT) is Reason.LOST
    (fault,) = rig.events(EventKind.LIST_FAULT)
    assert "3 damaged parts" in str(fault.detail["cause"])


def test_with_both_lists_gone_nothing_opens_and_a_new_snapshot_heals(rig: GateRig) -> None:
    rig.publish(WITHOUT_RESIDENT)
    rig.close()
    for side in Side:
        (rig.gate.config.sync_dir / side.file_name).write_bytes(b"nonsense" * 4096)
    rig.make()
    rig.start()
    assert rig.tap("in", OTHER) is Reason.FAULT
    assert rig.moved(MAIN_LOCK) == [False]
    rig.publish(BASIC.records)
    rig.advance(10)
    assert rig.tap("in", OTHER) is Reason.GRANTED


def test_an_old_list_alarms_once_and_residents_still_open(rig: GateRig) -> None:
    rig.clock.step(2 * 86_400)
    rig.advance(30)
    assert len(rig.events(EventKind.LIST_OLD)) == 1
    assert "(old)" in rig.gate.status_line()
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
    assert rig.tap("in", 5) is Reason.LIST_TOO_OLD  # a visitor's


def test_settings_that_cannot_be_used_refuse_every_tap_and_say_why(make_rig: MakeRig) -> None:
    rig = make_rig(settings=replace(BASIC.settings, time_zone="Atlantis/Center")).start()
    assert rig.tap("in", RESIDENT) is Reason.FAULT
    (fault,) = rig.events(EventKind.LIST_FAULT)
    assert "time zone" in str(fault.detail["cause"])


def test_a_door_the_list_does_not_know_refuses_and_the_other_opens(make_rig: MakeRig) -> None:
    rig = make_rig(settings=replace(BASIC.settings, doors=DOORS[:1])).start()
    assert rig.tap("side", RESIDENT) is Reason.FAULT
    assert rig.tap("in", RESIDENT) is Reason.GRANTED
