"""``explain`` decides as the gate does, says why, and leaves no trace."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from msgspec.structs import replace

from sync.records import (
    Access,
    ByteOrder,
    ClockState,
    Direction,
    DoorPolicy,
    Grant,
    GrantKind,
    MappingRule,
    Record,
    RevocationReason,
    Tombstone,
    project,
)
from terminal.cli import _answer
from terminal.cli.explain import moment
from terminal.core.situation import Now
from tests.support.estate import NOW, SETTINGS, card, content, resident, signed_snapshot
from tests.terminal.cli.conftest import House

SLIP = Grant(9002, 9102, card(91), GrantKind.RELEASE_SLIP, (Access(1, Direction.OUT),), uses=1)
MERCHANT = Grant(
    9003,
    9103,
    card(92),
    GrantKind.MERCHANT,
    (Access(1), Access(2)),
    schedule=1,
    valid_from=NOW,
    valid_until=NOW + 30 * 86_400,
)
LOST = Tombstone(9004, 9104, card(93), RevocationReason.LOST, NOW)
ALSO_LOST = replace(resident(93), issue_id=9104)
RECORDS: list[Record] = [resident(1), resident(2, door=2), SLIP, MERCHANT, LOST, ALSO_LOST]


@pytest.fixture
def listed(house: House) -> House:
    house.give_list(RECORDS)
    return house


def answers(house: House, number: int, *words: str) -> list[tuple[str, str, str]]:
    fields = house.run("explain", "--card", card(number).number.hex(), "--json", *words).json
    return [(one["door"], one["direction"], one["reason"]) for one in fields["answers"]]


def test_every_door_and_every_direction_of_its_readers_is_answered(listed: House) -> None:
    assert answers(listed, 1) == [
        ("pedestrian", "in", "granted"),
        ("pedestrian", "out", "granted"),
        ("侧门", "in", "wrong_door"),
    ]
    assert answers(listed, 1, "--door", "侧门", "--direction", "out") == [("侧门", "out", "wrong_door")]


# The list is of Friday 2027-01-15 16:00 in Shanghai; schedule 1 is mon-fri 08:00-18:00 there.
@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2027-01-15T17:59:59", "granted"),
        ("2027-01-15T18:00", "outside_hours"),
        ("2027-01-15T10:00:00Z", "outside_hours"),
        ("2027-01-15T09:59:59Z", "granted"),
        ("2027-01-15T12:00:00+02:00", "outside_hours"),
        ("2027-01-16", "outside_hours"),
        ("2027-01-15T15:59", "not_yet_valid"),
        ("2027-01-25T12:00", "list_too_old"),
        ("2027-02-20T12:00", "expired"),
    ],
)
def test_a_time_is_of_the_estate_s_zone_unless_it_has_an_offset(listed: House, at: str, reason: str) -> None:
    assert answers(listed, 92, "--at", at, "--door", "pedestrian", "--direction", "in") == [
        ("pedestrian", "in", reason)
    ]


def test_the_facts_stand_in_words(listed: House) -> None:
    said = listed.run(
        "explain", "--card", card(92).number.hex(), "--at", "2027-01-20T07:00", "--door", "侧门"
    )
    assert said.code == _answer.EXIT_NO
    assert "at 2027-01-20 07:00:00 (Asia/Shanghai)" in said.out
    assert "list 1.1, 4.6 days old then" in said.out
    assert "侧门, in: refused: outside the hours of its schedule (outside_hours)" in said.out
    assert (
        "merchant, doors 1:both 2:both, schedule 1 (mon-fri 08:00-18:00; other holidays: closed)" in said.out
    )
    assert "from 2027-01-15 16:00:00, until 2027-02-14 16:00:00: outside_hours" in said.out


def test_a_lost_card_names_every_grant_it_ends(listed: House) -> None:
    said = listed.run("explain", "--card", card(93).number.hex(), "--door", "pedestrian", "--direction", "in")
    assert said.code == _answer.EXIT_NO
    assert "refused: the card was reported lost (lost)" in said.out
    assert "grant 9004 of issue 9104 ended on 2027-01-15 16:00:00 (lost): lost" in said.out
    assert "grant 1093 of issue 9104, resident, doors 1:both: lost" in said.out


def test_nothing_is_spent_by_asking_and_what_taps_spent_is_known(listed: House) -> None:
    slip = ["--door", "pedestrian", "--direction", "out", "--at", "2027-01-15T17:00"]
    with listed.gate():
        for _ in range(3):
            assert answers(listed, 91, *slip) == [("pedestrian", "out", "granted")]
        tapped = listed.run("tap", "--reader", "out", "--card", card(91).number.hex())
        assert tapped.code == 0
        assert answers(listed, 91, *slip) == [("pedestrian", "out", "no_uses_left")]
        numbers = [one["number"] for one in listed.run("log", "--json").json["events"]]
        assert answers(listed, 91, *slip) == [("pedestrian", "out", "no_uses_left")]
        assert [one["number"] for one in listed.run("log", "--json").json["events"]] == numbers
    said = listed.run("explain", "--card", card(91).number.hex(), *slip)
    assert "1 of 1 uses spent: no_uses_left" in said.out


def test_spends_that_cannot_be_read_are_taken_to_be_spent(listed: House) -> None:
    with listed.gate():
        pass
    (listed.state / "terminal" / "usage.db").write_bytes(b"torn" * 1000)
    said = listed.run("explain", "--card", card(91).number.hex(), "--direction", "out", "--json").json
    assert said["answers"][0]["reason"] == "fault"
    assert "counted grants are taken to be spent" in said["notes"][0]


def test_modes_by_command_count(listed: House) -> None:
    with listed.gate():
        listed.run("mode", "free", "--door", "pedestrian", "--operator", "1")
        assert answers(listed, 77, "--door", "pedestrian", "--direction", "in")[0][2] == "granted_free"
        listed.run("mode", "lockdown", "--door", "pedestrian", "--operator", "1")
    said = listed.run("explain", "--card", card(1).number.hex(), "--door", "pedestrian")
    assert "the door stands in lockdown by command" in said.out
    assert answers(listed, 77, "--door", "pedestrian", "--direction", "in")[0][2] == "unknown_credential"


def test_without_a_list_everything_is_a_fault(house: House) -> None:
    said = house.run("explain", "--card", "04A10001")
    assert said.code == _answer.EXIT_NO
    assert "there is no list that can be used" in said.out
    assert "note: " in said.out


def test_a_door_the_list_does_not_know_is_named(house: House) -> None:
    one_door = replace(SETTINGS, doors=(DoorPolicy(1),))
    file = house.file("first", signed_snapshot(content([resident(1)], one_door)))
    assert house.run("list", "apply", file).code == 0
    said = house.run("explain", "--card", card(1).number.hex(), "--door", "侧门")
    assert "the list does not know door 2" in said.out
    assert "(fault)" in said.out


def test_a_reader_that_delivers_less_sees_the_chip_s_projection(house: House) -> None:
    short = MappingRule(ByteOrder.MSB_FIRST, low_bits=24)
    seen = replace(resident(1), credential=project(card(1), short))
    file = house.file(
        "first", signed_snapshot(content([resident(1), seen], replace(SETTINGS, mappings=((1, short),))))
    )
    assert house.run("list", "apply", file).code == 0
    fields: Any = house.run("explain", "--card", card(1).number.hex(), "--door", "pedestrian", "--json").json
    assert [(one["credential"], one["reason"]) for one in fields["answers"]] == [
        (str(project(card(1), short)), "granted"),
        (str(card(1)), "granted"),
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--card", ""], "--card"),
        (["--card", "0"], "hex digits"),
        (["--card", "04" * 65], "65 bytes"),
        (["--card", "04", "--at", "yesterday"], "--at: 'yesterday' is not a time"),
        (["--card", "04", "--at", "0001-01-01T00:00:00+14:00"], "--at"),
        (["--card", "04", "--door", "back"], r"no door named 'back' (there are: pedestrian, 侧门)"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_usage_error(listed: House, words: list[str], says: str) -> None:
    said = listed.run("explain", *words)
    assert said.code == _answer.EXIT_USAGE
    assert says in said.err


def test_numbers_of_every_length_may_be_asked_for(listed: House) -> None:
    for length in (1, 4, 7, 10, 64):
        assert listed.run("explain", "--card", "04" * length, "--door", "侧门").code == _answer.EXIT_NO


def test_a_moment_moves_the_monotonic_clock_along() -> None:
    now = Now(100.0, NOW, NOW, ClockState.SUSPECT)
    assert moment("2027-01-15T08:00:30", UTC, now) == Now(130.0, NOW + 30, NOW + 30, ClockState.TRUSTED)
    unknown = Now(100.0, None, NOW, ClockState.UNKNOWN)
    assert moment("2027-01-15T08:00:30", UTC, unknown).monotonic == 100.0


@pytest.mark.parametrize(
    ("length", "code"), [(61, _answer.EXIT_NO), (64, _answer.EXIT_NO), (65, _answer.EXIT_USAGE)]
)
def test_a_code_may_be_as_long_as_a_list_can_hold(listed: House, length: int, code: int) -> None:
    said = listed.run("explain", "--card", "ab" * length, "--technology", "code", "--door", "pedestrian")
    assert said.code == code
