"""Lines and readers are tried together: what only the kernel can tell is told before a gate starts."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from drivers import gpio_chip
from terminal.check import config_errors
from terminal.check_devices import check_devices
from terminal.config import Config
from terminal.config_file import parse_config
from terminal.findings import Verdict
from tests.support.fake_gpiochip import LABEL, fake_gpiod
from tests.support.gate_estate import gate_document


@pytest.fixture
def chip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", fake_gpiod(tmp_path))
    monkeypatch.setattr(gpio_chip, "DEVICES", tmp_path)


def gate_with(data0: str, data1: str, folder: Path) -> Config:
    document: dict[str, Any] = gate_document(folder)
    document["gpio"] = {"backend": "gpiod", "chip": LABEL}
    document["doors"] = {"main": {"id": 1, "kind": "strike", "outputs": {"lock": {"line": "GPIO4"}}}}
    document["inputs"] = {"fire": {"kind": "fire", "line": "GPIO5"}}
    reader = {"id": 1, "kind": "wiegand", "door": "main", "chip": LABEL, "data0": data0, "data1": data1}
    document["readers"] = {"in": reader}
    config = parse_config(Path("gate.toml"), document)
    assert config_errors(config) == []
    return config


@pytest.mark.usefixtures("chip")
def test_all_is_well_and_let_go_of_again(tmp_path: Path) -> None:
    config = gate_with("6", "7", tmp_path)
    for _ in range(2):
        found = check_devices(config, time.monotonic, within_s=5)
        assert [(one.what, one.verdict) for one in found] == [
            ("doors.main.outputs.lock", Verdict.OK),
            ("inputs.fire", Verdict.OK),
            ("readers.in", Verdict.OK),
        ]


@pytest.mark.usefixtures("chip")
@pytest.mark.parametrize(("line", "user"), [("4", "doors.main.outputs.lock"), ("5", "inputs.fire")])
def test_a_line_that_a_reader_calls_by_its_number_and_the_gate_by_its_name(
    line: str, user: str, tmp_path: Path
) -> None:
    *_, reader = check_devices(gate_with(line, "7", tmp_path), time.monotonic, within_s=5)
    assert reader.verdict is Verdict.ERROR
    assert f"line {line} of the Wiegand reader is in use by 'gatehouse {user}'" in reader.text
