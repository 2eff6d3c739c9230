"""From an estate file to a gate's list: what is written comes out, what is wrong is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from office.authoring import GateList, check_ids_kept, check_none_revived, compile_list, number_cards
from office.cards_file import load_cards
from office.errors import OfficeError
from office.estate_file import load_estate
from office.notation import read_time, read_window
from sync.encoding import decode_record, decode_settings
from sync.records import (
    Access,
    Credential,
    Direction,
    Grant,
    GrantKind,
    Holiday,
    PinOnly,
    Record,
    RevocationReason,
    Technology,
    Tombstone,
    Window,
)

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "estate.toml"

HEAD = """
[estate]
id = "0f1e2d3c4b5a6978"
time_zone = "Asia/Shanghai"
cards = "cards.csv"
[[gate]]
name = "east"
id = 1
[[gate]]
name = "west"
id = 2
[[door]]
name = "e1"
id = 1
gate = "east"
[[door]]
name = "w1"
id = 1
gate = "west"
[[schedule]]
name = "day"
id = 4
windows = ["mon-fri 08:00-18:00"]
"""
COLUMNS = (
    "number,kind,doors,uses,companion,long_opening,grant_id,issue_id,schedule,ended,ended_at,technology\n"
)


def compiled(folder: Path, cards: str, more: str = "", gate: str = "east") -> GateList:
    (folder / "estate.toml").write_text(HEAD + more)
    (folder / "cards.csv").write_text(COLUMNS + cards)
    estate = load_estate(folder / "estate.toml")
    return compile_list(estate, number_cards(load_cards(estate)), gate)


def records(made: GateList) -> list[Record]:
    return [decode_record(one) for one in made.content.records()]


def test_the_example_says_what_it_means() -> None:
    estate = load_estate(EXAMPLE)
    made = compile_list(estate, number_cards(load_cards(estate)), "east")
    by_grant = {one.grant_id: one for one in records(made)}
    assert sorted(by_grant) == list(range(101, 110))
    lost = by_grant[104]
    assert isinstance(lost, Tombstone)
    assert lost.reason is RevocationReason.LOST
    assert lost.since == int(datetime(2026, 6, 1, 1, 30, tzinfo=UTC).timestamp())
    slip = by_grant[108]
    assert isinstance(slip, Grant)
    assert slip.credential == Credential(Technology.CODE, b"SLIP-0001")
    assert (slip.uses, slip.companion) == (1, frozenset((GrantKind.GUARD,)))
    assert slip.access == (Access(2, Direction.OUT),)
    settings = decode_settings(made.content.settings())
    assert settings.holidays == (Holiday(date(2026, 10, 1)), Holiday(date(2027, 1, 1)))
    assert settings.schedules[1].windows == (Window(0x7F, 22 * 60, 30 * 60),)
    assert not any(one.assigned for one in made.cards)


def test_csv_says_the_same_as_toml(tmp_path: Path) -> None:
    made = compiled(tmp_path, "04A10001,guard,e1:in w1,,resident staff,true,7,8,day,,,\n")
    assert records(made) == [
        Grant(
            7,
            8,
            Credential(Technology.ISO14443A, bytes.fromhex("04A10001")),
            GrantKind.GUARD,
            (Access(1, Direction.IN),),
            schedule=4,
            companion=frozenset((GrantKind.RESIDENT, GrantKind.STAFF)),
            long_opening=True,
        )
    ]


def test_each_gate_gets_its_own_doors_and_cards(tmp_path: Path) -> None:
    cards = "01,resident,e1,,,,,,,,,\n02,resident,w1,,,,,,,,,\n03,resident,e1 w1,,,,,,,,,\n"
    assert [one.credential.number for one in records(compiled(tmp_path, cards))] == [b"\1", b"\3"]
    west = compiled(tmp_path, cards, gate="west")
    assert [one.credential.number for one in records(west)] == [b"\2", b"\3"]
    assert west.destination.gate_id == 2


def test_ids_are_given_in_order_above_the_written_ones(tmp_path: Path) -> None:
    cards = "01,resident,e1,,,,,,,,,\n02,resident,e1,,,,5,9,,,,\n01,merchant,e1,,,,,,,,,\n"
    made = compiled(tmp_path, cards)
    assert [(one.grant_id, one.issue_id, one.assigned) for one in made.cards] == [
        (6, 10, True),
        (5, 9, False),
        (7, 10, True),
    ]


READER = '[[reader]]\nid = 1\ngate = "east"\nlow_bits = 24\n'


def test_a_short_reader_finds_the_chip_under_its_short_number(tmp_path: Path) -> None:
    made = compiled(tmp_path, "04A10001,resident,e1,,,,,,,,,\n", READER)
    assert {str(one.credential) for one in records(made)} == {"iso14443a:04a10001", "short:a10001"}
    assert {one.grant_id for one in records(made)} == {1}


def test_two_chips_one_reader_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    cards = "04A10001,resident,e1,,,,,,,,,\n05A10001,resident,e1,,,,,,,,,\n"
    assert len(records(compiled(tmp_path, cards))) == 2
    with pytest.raises(OfficeError, match=r"cards.csv, line 3, number: .*cards.csv, line 2.*short:a10001"):
        compiled(tmp_path, cards, READER)


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        ("xyz,resident,e1,,,,,,,,,", "line 2, number: 'xyz'"),
        ("01,king,e1,,,,,,,,,", "line 2, kind: 'king' is not one of"),
        ("01,resident,e9,,,,,,,,,", "line 2, doors: there is no door 'e9'; known are: e1, w1"),
        ("01,resident,e1 e1,,,,,,,,,", "line 2, doors: door 'e1' is named twice"),
        ("01,resident,e1:up,,,,,,,,,", "line 2, doors: 'up' is not one of: in, out"),
        ("01,resident,,,,,,,,,,", "line 2, doors: is missing"),
        ("01,resident,e1,many,,,,,,,,", "line 2, uses: must be a whole number"),
        ("01,resident,e1,0,,,,,,,,", "line 2: grant 1: uses is 0"),
        ("01,resident,e1 w1,1,,,,,,,,", "line 2, doors: a grant with uses"),
        ("01,resident,e1,,,maybe,,,,,,", "line 2, long_opening: must be true or false"),
        ("01,resident,e1,,,,,,night,,,", "line 2, schedule: there is no schedule 'night'; known are: day"),
        ("01,resident,e1,,,,,,,lost,,", "line 2, ended: goes with ended_at"),
        ("01,resident,e1,,,,,,,unpaid,2026-01-01T00:00:00,", "line 2, ended: 'unpaid' is not one of"),
        ("01,resident,e1,,,,,,,,,,more", "line 2: has more cells"),
        ("01,resident,e1,,,,5,,,,,\n02,resident,e1,,,,5,,,,,", "line 3, grant_id: 5 is that of"),
        ("01,resident,e1,,,,,5,,,,\n02,resident,e1,,,,,5,,,,", "line 3, issue_id: 5 is that of"),
        ("GUESSED,visitor,e1,,,,,,,,,code", "line 2, number: a code that opens alone has 22 characters"),
        ('"01,resident', "not CSV"),
    ],
)
def test_wrong_cards_are_named_by_line_and_column(tmp_path: Path, cards: str, told: str) -> None:
    with pytest.raises(OfficeError) as error:
        compiled(tmp_path, cards + "\n")
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("[[dor]]\nname = 1", "estate.toml, dor: is not a key of this table"),
        (
            '[[door]]\nname = "e1"\nid = 2\ngate = "east"',
            "door 3, name: 'e1' is taken by estate.toml, door 1",
        ),
        ('[[door]]\nname = "e2"\nid = 2\ngate = "north"', "door 3, gate: there is no gate 'north'"),
        ('[[door]]\nname = "e2"\nid = 2\ngate = "east"\nhold = 3', "door 3, hold: is not a key"),
        ('[[door]]\nname = "e2"\nid = 1\ngate = "east"', "gate 1: settings: door ids"),
        (
            '[[schedule]]\nname = "x"\nid = 5\nwindows = ["8-18"]',
            "schedule 2, windows: '8-18': write a window",
        ),
        ('[[holiday]]\nday = "soon"', "holiday 1, day:"),
        (
            '[[policy]]\nkind = "visitor"\nopens_without_clock = 1',
            "policy 1, opens_without_clock: must be true",
        ),
        ('[[area]]\nname = "yard"\nid = 1\ngate = "east"\nmode = "timed"', "area 1: area 1: timeout_s"),
        (
            '[[card]]\nnumber = "01"\nkind = "resident"\ndoors = ["e1"]\npin = "1234"',
            "card 1, pin: needs a pin_salt in [estate]",
        ),
        (
            '[[door]]\nname = "e2"\nid = 2\ngate = "east"\npin_only = true',
            "door 3, pin_only: needs a pin_salt in [estate]",
        ),
        ("[estate]", "not TOML"),
    ],
)
def test_wrong_tables_are_named(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(OfficeError) as error:
        compiled(tmp_path, "", more)
    assert told in str(error.value)


def test_doors_that_open_by_pin_get_the_estates_salt_and_other_gates_do_not(tmp_path: Path) -> None:
    salt = "000102030405060708090a0b0c0d0e0f"
    head = HEAD.replace("[[gate]]", f'pin_salt = "{salt}"\n[[gate]]', 1)
    (tmp_path / "cards.csv").write_text(COLUMNS)
    doors = "".join(
        f'[[door]]\nname = "e{number}"\nid = {number}\ngate = "east"\npin_only = true\n' for number in (7, 5)
    )
    (tmp_path / "estate.toml").write_text(head + doors)
    gates = load_estate(tmp_path / "estate.toml").gates
    assert gates["east"].settings.pin_only == PinOnly(bytes.fromhex(salt), (5, 7))
    assert gates["west"].settings.pin_only is None


def test_a_salt_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "estate.toml").write_text(HEAD.replace("[[gate]]", 'pin_salt = "00"\n[[gate]]', 1))
    with pytest.raises(OfficeError, match="pin_salt: must be 32 hexadecimal digits"):
        load_estate(tmp_path / "estate.toml")


def test_a_pin_without_a_card_is_whole_at_readers_that_cut_cards_short(tmp_path: Path) -> None:
    reader = '[[reader]]\nid = 1\ngate = "east"\nlow_bits = 24\n'
    code = f"{'5a' * 32},resident,e1,,,,,,,,,keypad\n"
    assert [one.credential for one in records(compiled(tmp_path, code, reader))] == [
        Credential(Technology.KEYPAD, b"Z" * 32)
    ]


def test_moved_ids_and_revived_cards_are_refused(tmp_path: Path) -> None:
    before = compiled(tmp_path, "01,resident,e1,,,,,,,lost,2026-01-01T00:00:00,\n").content
    inserted = compiled(tmp_path, "02,resident,e1,,,,,,,,,\n01,resident,e1,,,,,,,,,\n").content
    with pytest.raises(OfficeError, match="grant id 1 was another card's"):
        check_ids_kept(inserted, before)
    revived = compiled(tmp_path, "01,resident,e1,,,,,,,,,\n").content
    check_ids_kept(revived, before)
    with pytest.raises(OfficeError, match=r'ended = "lost"'):
        check_none_revived(revived, before)
    check_none_revived(before, revived)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("mon-fri 08:00-18:00", Window(0x1F, 480, 1080)),
        ("daily 22:00-06:00", Window(0x7F, 1320, 1800)),
        ("sat,sun 00:00-24:00", Window(0x60, 0, 1440)),
        ("fri-mon 09:00-10:00", Window(0x71, 540, 600)),
        ("wed 12:00-12:00", Window(0x04, 720, 2160)),
    ],
)
def test_windows_read_as_people_mean_them(text: str, window: Window) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 8-18", "mon 08:00-25:00", "mo 08:00-09:00", "mon 24:00-25:00"]
)
def test_odd_windows_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_window(text)


def test_times_without_offset_are_the_estates() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert read_time("2026-06-01T09:30:00", zone) == read_time("2026-06-01T01:30:00+00:00", zone)
