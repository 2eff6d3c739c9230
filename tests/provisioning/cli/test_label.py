"""``label``: what stands on the box is what the office shows."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from provisioning.label import HEIGHT_MM, Label, as_svg, as_text
from sync.gate_key import fingerprint
from tests.support.enrolling import enrol
from tests.support.visits import Technician

LABEL = Label("East gate", 7, "6573746174652031", "ABCD-EFGH-IJKL-MNOP", "2027-01-15", "gatehouse 0.1.0")


def test_the_label_of_an_enrolled_gate(technician: Technician, place: Path, tmp_path: Path) -> None:
    shown = fingerprint(enrol(place).public)
    svg = tmp_path / "label.svg"
    said = technician.type("label", "--root", place, "--date", "2027-01-15", "--svg", svg)
    assert said.code == 0
    assert f"key       {shown}" in said.out
    assert "name      East gate" in said.out
    assert shown in svg.read_text()
    told = technician.type("label", "--root", place, "--json").json
    assert (told["fingerprint"], told["gate"], told["estate"]) == (shown, 7, "6573746174652031")


def test_a_gate_without_configuration_or_key_says_what_to_do(technician: Technician, place: Path) -> None:
    assert "run enrol or apply first" in technician.type("label", "--root", place).err
    enrol(place)
    (place / "var/lib/gatehouse/sync/gate.key").unlink()
    assert "run enrol first" in technician.type("label", "--root", place).err


@pytest.mark.parametrize("name", ["East gate", "北门 <1> & co", "x" * 64])
def test_the_drawing_is_whole_and_stays_on_its_paper(name: str) -> None:
    label = Label(name, 7, LABEL.estate, LABEL.fingerprint, LABEL.date, LABEL.software)
    drawing = ET.fromstring(as_svg(label))
    texts = [one for one in drawing.iter() if one.tag.endswith("text")]
    assert texts[0].text == name
    assert any(LABEL.fingerprint in (one.text or "") for one in texts)
    assert all(float(one.attrib["y"]) < HEIGHT_MM for one in texts)
    assert "http" not in as_svg(label).replace("http://www.w3.org/2000/svg", "")


def test_text_has_a_line_for_each_part() -> None:
    assert len(as_text(LABEL).splitlines()) == 5
