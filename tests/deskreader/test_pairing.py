"""The code that helper and browser share: its file, what may be typed, and challenges that count once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deskreader.errors import DeskReaderError
from deskreader.pairing import (
    CHALLENGE_LASTS_S,
    MAX_CHALLENGES,
    Challenges,
    make_code,
    plain,
    proof,
    read_code,
    write_code,
)


def counted() -> Challenges:
    numbers = iter(range(1, 10_000))
    return Challenges(lambda count: next(numbers).to_bytes(count, "big"))


def test_a_code_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    path, code = tmp_path / "new" / "code", make_code(lambda count: bytes(range(count)))
    write_code(path, code)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read_code(path) == code.replace("-", "")
    assert len(code) == 29
    path.chmod(0o640)
    with pytest.raises(DeskReaderError, match="others may read it; run: chmod 600"):
        read_code(path)


def test_a_file_that_holds_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "code"
    with pytest.raises(DeskReaderError, match="make a code with: pair"):
        read_code(path)
    for noise in (b"", b"\xff\xfe", b"AAAA", b"A" * 25):
        path.write_bytes(noise)
        path.chmod(0o600)
        with pytest.raises(DeskReaderError, match="make one with: pair --new"):
            read_code(path)
    with pytest.raises(DeskReaderError, match="choose another file"):
        write_code(path / "below" / "code", "A" * 24)


def test_what_people_put_between_the_letters_does_not_matter() -> None:
    assert plain(" abcd-efgh ijkl\tmnop-qrst-uv27 ") == "ABCDEFGHIJKLMNOPQRSTUV27"
    with pytest.raises(DeskReaderError):
        plain("0" * 24)  # no letter of a code


def test_a_challenge_counts_once_and_not_for_ever() -> None:
    challenges = counted()
    one, two = challenges.give(0.0), challenges.give(0.0)
    assert challenges.spend(one, 1.0)
    assert not challenges.spend(one, 1.0)
    assert not challenges.spend(two, CHALLENGE_LASTS_S + 0.1)
    assert not challenges.spend("never given", 1.0)


def test_who_asks_for_many_challenges_only_makes_the_oldest_void() -> None:
    challenges = counted()
    given = [challenges.give(0.0) for _ in range(MAX_CHALLENGES + 1)]
    assert [challenges.spend(one, 0.0) for one in given] == [False] + [True] * MAX_CHALLENGES


def test_a_proof_is_of_one_code_and_one_side() -> None:
    said = {proof(code, side, "a", "b") for code in ("A" * 24, "B" * 24) for side in ("page", "helper")}
    assert len(said) == 4
    assert proof("A" * 24, "page", "a", "b") != proof("A" * 24, "page", "b", "a")


def test_codes_are_drawn() -> None:
    assert make_code(os.urandom) != make_code(os.urandom)
