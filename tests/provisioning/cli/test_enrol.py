"""``enrol`` at a terminal and in a script: what is asked, what is told, and how it is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioning.host import Host
from provisioning.owner import own_public
from sync.enrolment import read_enrolment_file, verify_enrolment
from sync.gate_key import fingerprint
from tests.support.bundles import CODE, bundle_file
from tests.support.enrolling import WORKING, list_of
from tests.support.estate import NOW
from tests.support.machine import snapshot
from tests.support.visits import Technician

TODAY = "2027-01-15"


def test_a_technician_types_code_and_date(technician: Technician, stick: Path, place: Path) -> None:
    said = technician.type("enrol", stick, "--root", place, answers=f"{CODE.lower()}\n{TODAY}\n")
    assert said.code == 0, said.err
    assert "for gate 7 of estate 6573746174652031" in said.err
    public = own_public(Host(place))
    assert public is not None
    assert f"key     {fingerprint(public)}" in said.out
    assert "PROVISIONAL" in said.out
    assert "list 1.1 is in force" in said.out
    assert list_of(place) is not None


@pytest.mark.parametrize("command", ["enrol", "replace"])
def test_a_machine_that_is_not_set_up_is_told_before_anything_is_asked(
    technician: Technician, stick: Path, tmp_path: Path, command: str
) -> None:
    said = technician.type(command, stick, "--root", tmp_path / "empty")
    assert said.code == 1
    assert "set it up first: gatehouse-provision apply" in said.err


def test_a_slip_of_the_finger_is_asked_again(technician: Technician, stick: Path, place: Path) -> None:
    typed = f"nonsense\n{CODE.replace('K', 'M', 1)}\n{CODE}\n{TODAY}\n"
    said = technician.type("enrol", stick, "--root", place, answers=typed)
    assert said.code == 0
    assert "a code has 15 characters" in said.err
    assert "a character is wrong" in said.err


def test_a_script_gives_code_and_date(
    technician: Technician, stick: Path, place: Path, tmp_path: Path
) -> None:
    code = stick.with_name("code")
    code.write_text(f"{CODE}\n")
    request = stick.with_name("east.enrolment")
    arguments = ("enrol", stick, "--root", place, "--code-file", code, "--today", TODAY, "--json")
    before = snapshot(place)
    dry = technician.type(*arguments, "--dry-run").json
    assert [dry["ok"], len(dry["changes"])] == [True, 3]
    assert snapshot(place) == before
    first = technician.type(*arguments, "--request", request).json
    again = technician.type(*arguments).json
    assert (first["changed"], again["changed"]) == (True, False)
    assert first["fingerprint"] == again["fingerprint"]
    assert first["provisional"]
    signed = read_enrolment_file(request.read_bytes())
    assert signed is not None
    told = verify_enrolment(signed)
    assert fingerprint(told.public) == first["fingerprint"]
    assert told.today == NOW - NOW % 86_400


def test_a_slip_in_the_date_is_asked_again(technician: Technician, stick: Path, place: Path) -> None:
    typed = f"{CODE}\n31.12.2026\n2026-01-01\n{TODAY}\n"
    said = technician.type("enrol", stick, "--root", place, answers=typed)
    assert said.code == 0
    assert "'31.12.2026' is no day" in said.err
    assert "cannot be today" in said.err


def test_a_request_that_has_no_place_is_told_before_anything_is_touched(
    technician: Technician, stick: Path, place: Path, tmp_path: Path
) -> None:
    before = snapshot(place)
    request = tmp_path / "not-mounted/east.enrolment"
    said = technician.type("enrol", stick, "--root", place, "--request", request)
    assert said.code == 1
    assert "is the stick mounted?" in said.err
    assert snapshot(place) == before


def test_a_stick_that_takes_no_request_hides_no_fingerprint(
    technician: Technician, stick: Path, place: Path
) -> None:
    request = stick.with_name("east.enrolment")
    request.mkdir()
    typed = f"{CODE}\n{TODAY}\n"
    said = technician.type("enrol", stick, "--root", place, "--request", request, answers=typed)
    public = own_public(Host(place))
    assert said.code == 74
    assert public is not None
    assert fingerprint(public) in said.err
    assert "request NOT written: " in said.err


def test_a_pipe_that_nobody_writes_to_is_no_bundle(technician: Technician, stick: Path, place: Path) -> None:
    pipe = stick.with_name("pipe")
    os.mkfifo(pipe)
    said = technician.type("enrol", pipe, "--root", place)
    assert said.code == 1
    assert "this is no bundle" in said.err


@pytest.mark.parametrize(
    ("cause", "data", "typed", "today"),
    [
        ("damaged", b"no bundle", CODE, TODAY),
        ("damaged", bundle_file(WORKING)[:-9], CODE, TODAY),
        ("mistyped_code", bundle_file(WORKING), CODE[:-1] + "1", TODAY),
        ("wrong_code", bundle_file(WORKING), "00000-00000-00000", TODAY),
        ("expired", bundle_file(WORKING), CODE, "2027-03-01"),
        ("cannot", bundle_file(WORKING), CODE, "2026-01-01"),
        ("cannot", bundle_file(WORKING), CODE, "tomorrow"),
    ],
)
def test_whatever_is_wrong_is_told_by_its_cause_and_nothing_is_touched(
    technician: Technician, stick: Path, place: Path, cause: str, data: bytes, typed: str, today: str
) -> None:
    stick.write_bytes(data)
    code = stick.with_name("code")
    code.write_text(typed)
    before = snapshot(place)
    said = technician.type("enrol", stick, "--root", place, "--code-file", code, "--today", today, "--json")
    assert (said.code, said.json["ok"], said.json.get("cause", "cannot")) == (1, False, cause)
    assert said.json["error"]
    assert snapshot(place) == before


def test_where_nobody_answers_it_says_what_to_give(technician: Technician, stick: Path, place: Path) -> None:
    said = technician.type("enrol", stick, "--root", place)
    assert said.code == 1
    assert "--code-file" in said.err
    said = technician.type("enrol", stick, "--root", place, answers=f"{CODE}\n")
    assert "--today" in said.err


def test_five_wrong_codes_end_it(technician: Technician, stick: Path, place: Path) -> None:
    said = technician.type("enrol", stick, "--root", place, answers="x\n" * 9)
    assert said.code == 1
    assert said.err.count("a code has 15 characters") == 5


def test_a_stick_that_is_not_there(technician: Technician, tmp_path: Path, place: Path) -> None:
    said = technician.type("enrol", tmp_path / "none.bundle", "--root", place)
    assert said.code == 1
    assert "none.bundle: cannot be read" in said.err
