"""The gate's note of its enrolment: whole or not there, and never believed when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.update import ListVersion
from terminal.stores.database import DamagedError
from terminal.stores.enrolment_file import FILE_NAME, MAX_USED, EnrolmentStage, load_enrolment, save_enrolment
from tests.support.bundles import TOKEN
from tests.support.enrolments import ENROLMENT, OWN


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    assert load_enrolment(tmp_path) is None
    for stage in EnrolmentStage:
        save_enrolment(tmp_path, replace(ENROLMENT, stage=stage))
        assert load_enrolment(tmp_path) == replace(ENROLMENT, stage=stage)
    full = replace(ENROLMENT, used=tuple(number.to_bytes(32, "big") for number in range(MAX_USED)))
    save_enrolment(tmp_path, full)
    assert load_enrolment(tmp_path) == full


def test_damage_at_any_byte_is_seen(tmp_path: Path) -> None:
    save_enrolment(tmp_path, ENROLMENT)
    path = tmp_path / FILE_NAME
    data = path.read_bytes()
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(DamagedError, match="enrol this gate with a new bundle"):
            load_enrolment(tmp_path)
    for length in (0, 3, 4, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(DamagedError):
            load_enrolment(tmp_path)


def test_no_secret_is_in_it(tmp_path: Path) -> None:
    save_enrolment(tmp_path, ENROLMENT)
    data = (tmp_path / FILE_NAME).read_bytes()
    assert TOKEN.seed not in data
    assert OWN.seed not in data


@given(st.sampled_from(EnrolmentStage), st.none() | st.tuples(st.integers(0, 3), st.integers(0, 99)))
def test_a_gate_is_provisional_until_the_office_has_shown_that_it_knows_it(
    stage: EnrolmentStage, in_force: tuple[int, int] | None
) -> None:
    version = None if in_force is None else ListVersion(*in_force)
    provisional = replace(ENROLMENT, stage=stage).is_provisional(version)
    newer = version is not None and version > ListVersion(1, 58)
    assert provisional is not (stage is EnrolmentStage.CONFIRMED or newer)
