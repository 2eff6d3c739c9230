"""The pages on configuration and commands name everything there is, with its real default."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from msgspec.structs import fields

from drivers.indicator import RHYTHMS, Rhythm, Signal
from drivers.registry import find_gpio, find_reader, gpio_kinds, reader_kinds
from terminal.__main__ import COMMANDS
from terminal.cli import _answer
from terminal.config import (
    DoorSettings,
    GateSettings,
    InputLineSettings,
    InputSettings,
    LinkSettings,
    LogSettings,
    OutputSettings,
    ReaderSettings,
    StatusPageSettings,
)
from terminal.config_file import SECTIONS
from terminal.core.timing import BARRIER_TIMING, Timing

DOCS = Path(__file__).parents[2] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text("utf-8")
COMMANDS_PAGE = (DOCS / "commands.md").read_text("utf-8")

SETTINGS: Mapping[str, type[Any]] = {
    "[gate]": GateSettings,
    "[log]": LogSettings,
    "[link]": LinkSettings,
    "[status_page]": StatusPageSettings,
    "[doors.NAME]": DoorSettings,
    "[doors.NAME.outputs.ROLE]": OutputSettings,
    "[doors.NAME.inputs.ROLE]": InputLineSettings,
    "[doors.NAME.timing]": Timing,
    "[inputs.NAME]": InputSettings,
    "[readers.NAME]": ReaderSettings,
    **{f"[gpio] of backend {kind}": find_gpio(kind).settings_type for kind in gpio_kinds()},
    **{f"[readers.NAME] of kind {kind}": find_reader(kind).settings_type for kind in reader_kinds()},
    "[readers.NAME.number]": get_type_hints(find_reader("serial_text").settings_type)["number"],
}
BESIDES = {"[gate]": {"roots"}}
"""Options that are read before the dataclass is filled."""
DERIVED = {"[doors.NAME.timing]": {"has_stop"}}


def section(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", CONFIGURATION, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no section {heading}"
    return found[1]


def options(heading: str) -> dict[str, str]:
    """Option → what the page says its default is."""
    text = section(heading)
    return dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([^|`]*)`? \| [^|]+ \|$", text, re.MULTILINE))


def written(default: object) -> str:
    """A default as it stands in a TOML file; text without its quotes unless it is empty."""
    match default:
        case bool():
            return str(default).lower()
        case Enum(value=value):
            return str(value)
        case float():
            return f"{default:g}"
        case "":
            return '""'
        case tuple():
            return json.dumps(default)
        case _:
            return str(default)


@pytest.mark.parametrize("heading", SETTINGS)
def test_every_option_stands_there_with_its_default(heading: str) -> None:
    expected = {
        one.name: "required" if one.required else written(one.default)
        for one in fields(SETTINGS[heading])
        if one.name not in DERIVED.get(heading, set())
    }
    told = options(heading)
    assert told.keys() - BESIDES.get(heading, set()) == expected.keys()
    assert {name: told[name] for name in expected} == expected


def test_what_differs_at_a_barrier_is_told() -> None:
    text = section("[doors.NAME.timing]")
    assert f"A barrier: {BARRIER_TIMING.open_s:g}, from fully open" in text
    assert f"A barrier: {BARRIER_TIMING.long_open_s:g} |" in text
    plain, barrier = Timing(), BARRIER_TIMING
    differs = {one.name for one in fields(Timing) if getattr(plain, one.name) != getattr(barrier, one.name)}
    assert differs == {"open_s", "long_open_s"}


def test_every_section_is_named() -> None:
    for name in SECTIONS:
        assert re.search(rf"^## \[{name}[\].]", CONFIGURATION, re.MULTILINE), name
    assert options("[gpio]") == {"backend": "required"}


def test_every_choice_is_named() -> None:
    for heading, settings in SETTINGS.items():
        for one in fields(settings):
            if isinstance(one.default, Enum):
                assert all(f"`{choice.value}`" in section(heading) for choice in type(one.default)), one.name


def test_every_command_and_every_exit_code_is_named() -> None:
    told = set(re.findall(r"^\| `([\w-]+)` \|", COMMANDS_PAGE, re.MULTILINE))
    assert told == set(COMMANDS)
    assert all(re.search(rf"`(gatehouse-terminal )?{name}\b", COMMANDS_PAGE) for name in COMMANDS)
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", COMMANDS_PAGE, re.MULTILINE)}
    ours = {value for name, value in vars(_answer).items() if name.startswith("EXIT_")}
    assert codes == {0, *ours}


def test_every_pattern_stands_there_as_it_is() -> None:
    told = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| (\d+) \| ([\d.]+) \| ([\d.]+) \| (\w+) \|$", CONFIGURATION, re.MULTILINE
    )
    assert told == [
        (one.value, *(written(getattr(RHYTHMS[one], field.name)) for field in fields(Rhythm)))
        for one in Signal
    ]
