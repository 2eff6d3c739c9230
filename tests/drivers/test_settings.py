"""Config tables against typed settings: what fits is taken, everything else is named."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from drivers.ports import DriverSettingsError
from drivers.settings import Length, Range, load_settings


class Parity(Enum):
    NONE = "none"
    EVEN = "even"


class Lamp(Struct, frozen=True):
    line: str
    active_low: bool = False


class Example(Struct, frozen=True):
    port: Annotated[str, Length(1, 8)]
    baud: Annotated[int, Range(300, 115_200)] = 9600
    timeout_s: Annotated[float, Range(0.02, 5.0)] = 0.1
    parity: Parity = Parity.NONE
    beep: bool = True
    note: str | None = None
    roots: tuple[str, ...] = ()
    lamps: Mapping[str, Lamp] = field(default_factory=dict)
    main: Lamp = field(default_factory=lambda: Lamp("0"))


WHERE = "gate.toml [reader.in]"


def test_defaults_fill_what_is_not_said() -> None:
    assert load_settings(Example, {"port": "S0"}, where=WHERE) == Example("S0")


def test_every_kind_of_field_is_taken() -> None:
    table = {
        "port": "S0",
        "baud": 300,
        "timeout_s": 1,
        "parity": "even",
        "beep": False,
        "note": "x",
        "roots": ["a", "b"],
        "lamps": {"green": {"line": "17", "active_low": True}},
        "main": {"line": "4"},
    }
    loaded = load_settings(Example, table, where=WHERE)
    assert loaded == Example(
        "S0", 300, 1.0, Parity.EVEN, False, "x", ("a", "b"), {"green": Lamp("17", True)}, Lamp("4")
    )
    assert isinstance(loaded.timeout_s, float)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bauds": 1}, "unknown key 'bauds'; known keys: baud, beep"),
        ({"baud": "9600"}, "baud must be a whole number, not '9600'"),
        ({"baud": True}, "baud must be a whole number, not True"),
        ({"baud": 9600.0}, "baud must be a whole number"),
        ({"baud": 299}, "baud must be 300 to 115200, not 299"),
        ({"timeout_s": float("nan")}, "timeout_s must be 0.02 to 5, not nan"),
        ({"timeout_s": 10**400}, "timeout_s must be a number, not 1000"),
        ({"timeout_s": False}, "timeout_s must be a number, not False"),
        ({"port": ""}, "port must have 1 to 8 characters, not 0"),
        ({"port": 7}, "port must be text in quotes, not 7"),
        ({"parity": "odd"}, "parity must be one of 'none', 'even', not 'odd'"),
        ({"beep": 1}, "beep must be true or false, not 1"),
        ({"roots": "a"}, "roots must be a list, not 'a'"),
        ({"roots": ["a", 2]}, r"roots[1] must be text in quotes, not 2"),
        ({"lamps": {"green": {}}}, "lamps.green: key 'line' is missing"),
        ({"lamps": {"green": {"line": "1", "low": 1}}}, "lamps.green: unknown key 'low'"),
        ({"lamps": []}, "lamps must be a table, not []"),
        ({"main": "4"}, "main must be a table, not '4'"),
        ({"note": {}}, "note must be text in quotes, not {}"),
    ],
)
def test_wrong_key_is_named_with_where_and_what(change: Mapping[str, object], told: str) -> None:
    with pytest.raises(DriverSettingsError) as refused:
        load_settings(Example, {"port": "S0", **change}, where=WHERE)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{WHERE}: ")
    assert told in line


class Even(Struct, frozen=True):
    count: int

    def __post_init__(self) -> None:
        if self.count % 2:
            raise ValueError(f"count {self.count} is odd")


class Pair(Struct, frozen=True):
    first: Even
    more: tuple[Even, ...] = ()


def test_what_a_structure_itself_refuses_is_told_with_its_place_like_the_rest() -> None:
    with pytest.raises(DriverSettingsError) as refused:
        load_settings(Pair, {"first": {"count": 1}, "more": [{"count": 2}, {"count": 3}]}, where=WHERE)
    assert str(refused.value).splitlines() == [
        f"{WHERE}: first: count 1 is odd",
        f"{WHERE}: more[1]: count 3 is odd",
    ]
    with pytest.raises(DriverSettingsError, match=f"{WHERE}: count 5 is odd".replace("[", r"\[")):
        load_settings(Even, {"count": 5}, where=WHERE)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(DriverSettingsError) as refused:
        load_settings(Example, {"baud": 1, "parity": 2, "x": 3}, where=WHERE)
    assert len(str(refused.value).splitlines()) == 4  # and the missing port


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Example.__struct_fields__, "x"]), VALUES))
def test_any_table_gives_settings_or_the_one_error(table: dict[str, object]) -> None:
    try:
        loaded = load_settings(Example, table, where=WHERE)
    except DriverSettingsError as error:
        lines = str(error).splitlines()
    else:
        assert isinstance(loaded, Example)
        lines = []
    assert all(line.startswith(f"{WHERE}: ") for line in lines)


def test_field_of_a_type_no_table_can_hold_is_the_drivers_own_fault() -> None:
    class Wrong(Struct, frozen=True):
        port: bytes = b""

    with pytest.raises(TypeError):
        load_settings(Wrong, {"port": b"x"}, where=WHERE)
