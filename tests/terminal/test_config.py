"""Configuration files: every error is found at once, with file, key and cure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports import Pull
from terminal.check import config_errors, load_config
from terminal.config import ConfigError, InputKind, LockKind, LockState, Way
from terminal.config_file import MAX_CONFIG_BYTES, parse_config
from terminal.core.timing import BARRIER_TIMING, OnFire

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "gate.toml"
PATH = Path("/etc/gatehouse/gate.toml")


def document() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def errors_after(change: Callable[[dict[str, Any]], object]) -> list[str]:
    changed = document()
    change(changed)
    try:
        return config_errors(parse_config(PATH, changed))
    except ConfigError as error:
        return error.errors


def test_the_example_is_a_good_configuration() -> None:
    config = load_config(EXAMPLE)
    door, barrier = config.doors["pedestrian"], config.doors["vehicle"]
    assert door.settings.kind is LockKind.MAGNET
    assert door.settings.stop_state is LockState.LOCKED
    assert door.inputs["contact"].pull is Pull.UP
    assert door.timing.on_fire is OnFire.RELEASE
    assert barrier.timing.has_stop
    assert barrier.timing.open_s == BARRIER_TIMING.open_s
    assert config.inputs["fire"].kind is InputKind.FIRE
    assert config.readers["vehicle_in"].settings.way is Way.IN
    assert config.estate_id == b"gateh001"
    assert config.terminal_dir == Path("/var/lib/gatehouse/terminal")


def put(*keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = value

    return change


def drop(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        for key in keys[:-1]:
            table = table[key]
        del table[keys[-1]]

    return change


DOOR = ("doors", "pedestrian")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("dors", value={}), r"unknown section 'dors'"),
        (put("gate", "nmae", value="x"), r"\[gate\].*nmae"),
        (drop("gate", "name"), r"\[gate\].*name"),
        (put("gate", "id", value="one"), r"\[gate\].*id"),
        (put("gate", "id", value=0), r"\[gate\].*id"),
        (put("gate", "estate", value="zz45746568303031"), r"\[gate\] 'estate' must be 16 hex digits"),
        (put("gate", "roots", value=[]), r"'roots' must list"),
        (put("gate", "roots", value=["12"]), r"64 hex digits"),
        (put("gate", value=[1]), r"'gate' must be a section"),
        (put("gate", "control_socket", value="/" + "门" * 60), r"'control_socket' has more than 107 bytes"),
        (drop("doors"), r"at least one door"),
        (drop("gpio", "backend"), r"\[gpio\] 'backend' is missing"),
        (put("gpio", "backend", value="smi"), r"\[gpio\] 'backend': unknown kind 'smi'"),
        (put("gpio", "speed", value=3), r"\[gpio\].*speed"),
        (put(*DOOR, "kind", value="portcullis"), r"\[doors\.pedestrian\].*kind"),
        (put(*DOOR, "id", value=2), r"\[doors\.vehicle\] 'id' 2 is also that of \[doors\.pedestrian\]"),
        (drop(*DOOR, "outputs", "lock"), r"\[doors\.pedestrian\] lacks \[doors\.pedestrian\.outputs\.lock\]"),
        (put(*DOOR, "outputs", "lamp", value={"line": "l"}), r"unknown outputs 'lamp'"),
        (put(*DOOR, "inputs", "exti", value={"line": "l"}), r"unknown inputs 'exti'"),
        (drop("doors", "vehicle", "inputs", "loop"), r"lacks \[doors\.vehicle\.inputs\.loop\]"),
        (put(*DOOR, "timing", value={"open_s": -1}), r"open_s"),
        (put(*DOOR, "timing", value={"pre_alarm_s": 30.0}), r"\[doors\.pedestrian\.timing\].*pre_alarm_s"),
        (put(*DOOR, "timing", value={"has_stop": True}), r"'has_stop' follows"),
        (put(*DOOR, "stop_state", value="unlocked"), r"'stop_state' is 'unlocked'.*leaves this lock locked"),
        (put(*DOOR, "energised", value="locked"), r"must be 'unlocked' for a magnet"),
        (drop(*DOOR, "fire_contact_breaks_supply"), r"fire_contact_breaks_supply = true"),
        (put("doors", "vehicle", "energised", value="locked"), r"mean nothing for a barrier"),
        (put("inputs", "fire", "debounce_s", value=0.5), r"\[inputs\.fire\].*debounce_s"),
        (put("inputs", "fire", "kind", value="flood"), r"\[inputs\.fire\].*kind"),
        (
            put("readers", "vehicle_in", "kind", value="psc"),
            r"\[readers\.vehicle_in\] 'kind': unknown kind 'psc'",
        ),
        (put("readers", "vehicle_in", "baud", value=9600), r"\[readers\.vehicle_in\].*baud"),
        (
            put("readers", "vehicle_in", "door", value="back"),
            r"names no door: 'back' \(doors: pedestrian, vehicle\)",
        ),
        (put("readers", "vehicle_in", "id", value=1), r"is also that of \[readers\.pedestrian_in\]"),
        (
            put("readers", "vehicle_in", "indicator", value={"purple": {"line": "b"}}),
            r"unknown indicator 'purple'",
        ),
        (put("patterns", value={"fualt": {}}), r"\[patterns\] unknown signal 'fualt'"),
        (put("patterns", value={"fault": {"pulses": 11}}), r"\[patterns\.fault\].*must be 1 to 10"),
        (put("patterns", value={"fault": {"pulses": 3}}), r"'fault' and 'refused' have 'pulses' = 3"),
        (
            put("inputs", "mains", "line", value="relay1"),
            r"line 'relay1' is used twice: by \[doors\.ped.*inputs\.mains",
        ),
        (put("log", "retention_days", value=0), r"\[log\].*retention_days"),
        (put("status_page", value={"lisen": "x"}), r"\[status_page\].*lisen"),
        (
            put("status_page", value={"listen": "gate.local:80"}),
            r"\[status_page\] 'listen': 'gate\.local:80'",
        ),
        (put("status_page", value={"listen": "192.168.4.1"}), r"\[status_page\] 'listen'"),
        (put("status_page", value={"listen": "192.168.4.1:99999"}), r"\[status_page\] 'listen'"),
        (put("status_page", value={"listen": ":80"}), r"\[status_page\] 'listen'"),
    ],
)
def test_an_error_names_its_place(change: Callable[[dict[str, Any]], object], says: str) -> None:
    errors = errors_after(change)
    assert any(re.search(says, one) for one in errors), errors
    assert all(one.startswith(str(PATH)) for one in errors)


def test_all_errors_come_at_once() -> None:
    def change(table: dict[str, Any]) -> None:
        put("gate", "nmae", value="x")(table)
        put(*DOOR, "kind", value="portcullis")(table)
        put("readers", "vehicle_in", "way", value="up")(table)

    assert len(errors_after(change)) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"[gate", "not TOML"), (b"\xff", "not TOML"), (b"#" * (MAX_CONFIG_BYTES + 1), "larger than")],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_config(tmp_path / "nowhere.toml")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["gate", "gpio", "doors", "inputs", "readers", "log", "x"]), json_like, max_size=5
    )
)
def test_only_config_errors_escape_from_any_document(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        parse_config(PATH, {**table, "gate": table.get("gate", {})})
