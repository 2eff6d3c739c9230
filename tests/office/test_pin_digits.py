"""PINs from the card file to the gate's decision: they open as they should, and stand nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from office.__main__ import main
from office.authoring import check_none_revived, compile_list, number_cards
from office.cards_file import load_cards
from office.errors import OfficeError
from office.estate_file import load_estate
from office.keys import KeyDirectory
from office.signing import anchor_of, read_sent
from sync.content import MemoryContent
from sync.encoding import decode_record, decode_settings
from sync.events import EventKind
from sync.pin import pin_digest
from sync.publishing import Destination
from sync.records import Grant, Reason
from tests.support.estate import ESTATE_ID, GATE_ID
from tests.support.gate_estate import MAIN_LOCK, SIDE_LOCK
from tests.support.gate_rig import GateRig

SALT = "000102030405060708090a0b0c0d0e0f"
HEAD = f"""
[estate]
id = "{ESTATE_ID.hex()}"
time_zone = "Asia/Shanghai"
pin_salt = "{SALT}"
[[gate]]
name = "east"
id = {GATE_ID}
[[door]]
name = "main"
id = 1
gate = "east"
pin_only = true
[[door]]
name = "side"
id = 2
gate = "east"
"""
PIN, DURESS, ALONE, DOUBLE, SECOND = "258036", "147036", "91827364", "55443322", "806040"
CARDS = f"""
[[card]]
number = "04A10001"
kind = "resident"
doors = ["main", "side"]
pin = "{PIN}"
duress_pin = "{DURESS}"
grant_id = 1
issue_id = 1
[[card]]
number = "04A10002"
kind = "resident"
doors = ["main", "side"]
pin = "{PIN}"
grant_id = 2
issue_id = 2
[[card]]
digits = "{ALONE}"
kind = "resident"
doors = ["main", "side"]
grant_id = 3
issue_id = 3
[[card]]
digits = "{DOUBLE}"
kind = "resident"
doors = ["main"]
pin = "{SECOND}"
grant_id = 4
issue_id = 4
"""
TYPED = (PIN, DURESS, ALONE, DOUBLE, SECOND)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office that signed this estate's list."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "estate.toml").write_text(HEAD + CARDS)
    keys = str(folder / "keys")
    assert main(["keys", "init", keys, "--estate", ESTATE_ID.hex()]) == 0
    sign = ["list", "sign", str(folder / "estate.toml"), "--gate", "east", "--keys", keys]
    assert main([*sign, "--out", str(folder / "east.list")]) == 0
    return folder


@pytest.fixture
def content(signed: Path) -> MemoryContent:
    """The list as whoever gets the signed file reads it."""
    anchor = anchor_of(KeyDirectory(signed / "keys"), Destination(ESTATE_ID, GATE_ID))
    return read_sent([signed / "east.list"], anchor).content


@pytest.fixture
def gate(tmp_path: Path, content: MemoryContent) -> Iterator[GateRig]:
    """A gate with the list that was signed from the file."""
    records = [decode_record(one) for one in content.records()]
    rig = GateRig(tmp_path / "gate", records=records, settings=decode_settings(content.settings()))
    yield rig.start()
    rig.close()
    for file in rig.gate.config.terminal_dir.iterdir():
        assert not any(one.encode() in file.read_bytes() for one in TYPED), "nothing typed is in a log"


def test_the_pin_in_the_file_opens_after_its_card_and_no_other(gate: GateRig) -> None:
    card = bytes.fromhex("04A10001")
    assert gate.tap("side", card) is Reason.NEEDS_PIN
    assert gate.type("side", SECOND) is Reason.WRONG_PIN
    assert gate.tap("side", card) is Reason.NEEDS_PIN
    assert gate.type("side", PIN) is Reason.GRANTED
    assert gate.level(SIDE_LOCK) is True
    assert gate.events(EventKind.DURESS) == []


def test_the_duress_pin_in_the_file_opens_and_alarms_silently(gate: GateRig) -> None:
    gate.tap("side", bytes.fromhex("04A10001"))
    assert gate.type("side", DURESS) is Reason.GRANTED
    assert [one.grant_id for one in gate.events(EventKind.DURESS)] == [1]


def test_digits_alone_open_where_the_door_allows_it(gate: GateRig) -> None:
    assert gate.type("in", ALONE) is Reason.GRANTED
    assert gate.level(MAIN_LOCK) is True
    gate.reader("side").enter(ALONE)
    gate.settle()
    assert gate.moved(SIDE_LOCK) == [False]


def test_digits_that_need_a_second_pin_wait_for_it(gate: GateRig) -> None:
    assert gate.type("in", DOUBLE) is Reason.NEEDS_PIN
    assert gate.type("in", SECOND) is Reason.GRANTED


def test_no_digits_stand_in_a_key_file_or_the_list(signed: Path, content: MemoryContent) -> None:
    files = [one for one in signed.rglob("*") if one.is_file() and one.name != "estate.toml"]
    assert len(files) > 3
    inside = [*(one.read_bytes() for one in files), *(one.data for one in content.records())]
    assert not any(one.encode() in data for one in TYPED for data in inside)


def test_two_grants_with_one_pin_do_not_look_alike_and_the_same_file_makes_the_same_list(
    content: MemoryContent, signed: Path
) -> None:
    grants = [decode_record(one) for one in content.records()]
    pins = {one.grant_id: one.pin for one in grants if isinstance(one, Grant)}
    first, second = pins[1], pins[2]
    assert first is not None
    assert second is not None
    assert first.salt != second.salt
    assert first.salt != bytes.fromhex(SALT)
    assert first.digest == pin_digest(first.salt, PIN)
    again = load_estate(signed / "estate.toml")
    made = compile_list(again, number_cards(load_cards(again)), "east").content
    assert list(made.records()) == list(content.records())


ROW = '[[card]]\nnumber = "04A10009"\nkind = "resident"\ndoors = ["main"]\n'
CODE = '[[card]]\nkind = "resident"\ndoors = ["main"]\n'


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f'{ROW}pin = "25 8036"', "card 5, pin: must be digits in quotes"),
        (f"{ROW}pin = 258036", "card 5, pin: must be digits in quotes"),
        (f'{ROW}pin = "٢٥٨٠٣٦"', "card 5, pin: must be digits in quotes"),
        (f'{ROW}pin = "258"', "card 5, pin: must have 4 to 16 digits"),
        (f'{ROW}pin = "{"258036" * 3}"', "card 5, pin: must have 4 to 16 digits"),
        (f'{ROW}pin = "258036"\nduress_pin = "258036"', "card 5, duress_pin: is the same as pin"),
        (f'{ROW}duress_pin = "258036"', "card 5, duress_pin: goes with pin"),
        (f'{CODE}digits = "25803"', "card 5, digits: must have 6 to 16 digits"),
        (f'{ROW}digits = "258036"', "card 5, digits: stand instead of technology and number"),
        (f'{CODE}digits = "{ALONE}"', "card 5, digits: are those of estate.toml, card 3"),
        (f'{CODE}digits = "{ALONE}"\nissue_id = 9', "card 5, digits: are those of estate.toml, card 3"),
    ],
)
def test_wrong_ones_are_refused_by_place_and_never_repeated(tmp_path: Path, row: str, told: str) -> None:
    (tmp_path / "estate.toml").write_text(HEAD + CARDS + row)
    with pytest.raises(OfficeError) as error:
        number_cards(load_cards(load_estate(tmp_path / "estate.toml")))
    assert told in str(error.value)
    assert not any(one in str(error.value) for one in (*TYPED, "2580", "25 8036"))


def test_one_person_may_have_two_grants_by_one_pin(tmp_path: Path) -> None:
    (tmp_path / "estate.toml").write_text(
        HEAD + CARDS + f'{CODE}digits = "{ALONE}"\nissue_id = 3\ngrant_id = 5\n'
    )
    estate = load_estate(tmp_path / "estate.toml")
    made = compile_list(estate, number_cards(load_cards(estate)), "east")
    assert len([one for one in made.cards if one.issue_id == 3]) == 2


def test_csv_holds_them_too_with_their_leading_zeros(tmp_path: Path) -> None:
    (tmp_path / "estate.toml").write_text(HEAD.replace("pin_salt", 'cards = "cards.csv"\npin_salt'))
    (tmp_path / "cards.csv").write_text(
        "number,digits,kind,doors,pin\n01,,guard,main,0042\n,004200,guard,main,\n"
    )
    first, second = number_cards(load_cards(load_estate(tmp_path / "estate.toml")))
    assert first.pin is not None
    assert first.pin.digest == pin_digest(first.pin.salt, "0042")
    assert second.entry.credential.number == pin_digest(bytes.fromhex(SALT), "004200")


def test_a_message_about_an_ended_one_shows_no_digest(tmp_path: Path) -> None:
    lists = []
    for more in ('ended = "lost"\nended_at = 2026-01-01T00:00:00\n', ""):
        (tmp_path / "estate.toml").write_text(f'{HEAD}{CODE}digits = "{ALONE}"\ngrant_id = 3\n{more}')
        estate = load_estate(tmp_path / "estate.toml")
        lists.append(compile_list(estate, number_cards(load_cards(estate)), "east"))
    with pytest.raises(OfficeError, match="grant 3 had ended") as error:
        check_none_revived(lists[1].content, lists[0].content)
    assert lists[0].cards[0].entry.credential.number.hex() not in str(error.value)
