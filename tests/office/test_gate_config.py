"""Who the gate is goes into its configuration, and nothing that a person wrote is lost."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.gate_config import read_gate_config
from sync.bundle_content import MAX_CONFIG_BYTES

IDENTITY: dict[str, object] = {
    "name": "East gate",
    "id": 7,
    "estate": "6573746174652031",
    "roots": ["00" * 32],
}


def made(tmp_path: Path, text: str) -> str:
    path = tmp_path / "gate.toml"
    path.write_bytes(text.encode())
    return read_gate_config(path, IDENTITY).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[gate]",
        "[gate]\n",
        "[gate]  # who it is\nid = 7\n[doors.a]\nid = 1\n",
        '[doors.a]\nid = 1\n\n[gate]\nname = "East gate"\nestate = "6573746174652031"\n',
        "# a comment\n[doors.a]\nid = 1\n",
        "[gate]\r\nid = 7\r\n",
    ],
)
def test_the_identity_is_put_in_where_it_is_missing(tmp_path: Path, text: str) -> None:
    found = tomllib.loads(made(tmp_path, text))
    assert found["gate"] == IDENTITY
    before = {name: value for name, value in tomllib.loads(text).items() if name != "gate"}
    assert {name: value for name, value in found.items() if name != "gate"} == before
    assert all(line in made(tmp_path, text) for line in text.splitlines() if "#" in line)


def test_a_complete_file_stays_as_it_is(tmp_path: Path) -> None:
    whole = made(tmp_path, "[gate]\n[link]\n")
    assert made(tmp_path, whole) == whole


def test_a_name_in_any_script_survives(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("[gate]\n")
    for name in ("北门", "𠮷祥門 🚪", 'say "hello" \\ \x7f', "é\tü"):
        made_ = read_gate_config(path, {**IDENTITY, "name": name}).decode()
        assert tomllib.loads(made_)["gate"]["name"] == name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[gate]\nid = 8\n", "id is 8, for this gate it must be 7"),
        ('[gate]\nroots = ["11"]\n', "roots is"),
        ("[gate\n", "not TOML"),
        ("gate = 1\n", "must be a section"),
        ('gate = { state_dir = "/x" }\n', "a line [gate] of its own"),
        ("# " + "x" * MAX_CONFIG_BYTES, "no gate's configuration"),
    ],
    ids=["another id", "other roots", "no toml", "no section", "an inline table", "too large"],
)
def test_a_file_of_another_gate_or_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(OfficeError) as found:
        made(tmp_path, text)
    assert told in str(found.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OfficeError, match="cannot be read"):
        read_gate_config(tmp_path / "none.toml", IDENTITY)
    path = tmp_path / "gate.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(OfficeError, match="UTF-8"):
        read_gate_config(path, IDENTITY)
