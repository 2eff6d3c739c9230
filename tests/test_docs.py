"""The documentation tells the truth where a machine can check it."""

from __future__ import annotations

import argparse
import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from deskreader.__main__ import parser
from office.demo.cli import add_demo
from office.exchange.cli import add_exchange
from office.exchange.columns import HEADINGS
from office.hub.cli import add_hub
from office.site.cli import add_site
from office.site.directory import OfficeSettings
from provisioning.__main__ import commands

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
RULE_ID = re.compile(r"(?:0\.[a-z]+|1[3-7]\.(?:[a-z]+|[0-9]+(?:\.[0-9a-z]+)*))\b")
SOURCE_NAME = re.compile(r"`((?:terminal|drivers|sync|office|bench|scripts|tests)/[\w./]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [one for one in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in one]
    assert [one for one in targets if not (page.parent / one).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_source_files_that_are_named_exist(page: Path) -> None:
    named = SOURCE_NAME.findall(page.read_text(encoding="utf-8"))
    assert [one for one in named if not (ROOT / one).exists()] == []


@pytest.mark.parametrize("page", ["promises.md", "procedures.md"])
def test_every_test_that_proves_a_promise_exists(page: str) -> None:
    named = TEST_NAME.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert missing == []


def test_every_rule_that_the_office_cites_is_on_its_page_with_a_test() -> None:
    page = (ROOT / "docs" / "procedures.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if RULE_ID.match(line.removeprefix("| "))]
    assert [line for line in rows if not TEST_NAME.search(line)] == []
    explained = set(RULE_ID.findall(" ".join(line.rpartition(" | ")[0] for line in rows)))
    files = [
        one
        for name in ("casework", "procedures", "exchange")
        for one in (ROOT / "office" / name).glob("*.py")
    ]
    cited = {rule for one in files for rule in re.findall(rf'"({RULE_ID.pattern})"', one.read_text("utf-8"))}
    assert len(cited) > 40
    assert cited - explained == set()


def test_every_command_and_option_of_the_hub_is_named() -> None:
    page = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_hub(parser)
    (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name} STORE"))
        words = [one for action in command._actions for one in action.option_strings if one.startswith("--")]
        assert [one for one in words if one not in ("--help", "--json") and one not in row] == [], name


def test_every_command_and_option_of_the_desk_is_named() -> None:
    page = (ROOT / "docs" / "office.md").read_text(encoding="utf-8")
    parser = argparse.ArgumentParser()
    groups = parser.add_subparsers()
    for add in (add_site, add_exchange, add_demo):
        add(groups)
    assert len(groups.choices) >= 9
    for name, command in groups.choices.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name} "))
        words = [one for action in command._actions for one in action.option_strings if one.startswith("--")]
        known = ("--help", "--json")
        assert [one for one in words if one not in known and f"`{one}" not in row] == [], name


def test_every_command_and_option_of_the_desk_reader_is_named() -> None:
    page = (ROOT / "docs" / "desk-reader.md").read_text(encoding="utf-8")
    (commands,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        words = [one for action in command._actions for one in action.option_strings if one.startswith("--")]
        assert [one for one in words if one != "--help" and f"`{one}" not in row] == [], name


def test_every_column_and_setting_of_the_desk_is_named() -> None:
    page = (ROOT / "docs" / "office.md").read_text(encoding="utf-8")
    for kind, columns in HEADINGS.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {kind.value} |"))
        assert [key for key, words in columns.items() if f"{words[0]} `{key}`" not in row] == [], kind
    assert [one for one in OfficeSettings.__struct_fields__ if f"| `{one}` |" not in page] == []


def test_every_command_and_option_of_a_technician_is_named() -> None:
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    for name in commands():
        module = import_module(f"provisioning.cli.{name.replace('-', '_')}")
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        rows = " ".join(line for line in lines if line.startswith(f"| `{name}` |"))
        words = [one for action in parser._actions for one in action.option_strings if one.startswith("--")]
        known = ("--help", "--json", "--root")
        assert rows, f"{name} is in no page's table of commands"
        assert [one for one in words if one not in known and f"`{one}" not in rows] == [], name


def functions(path: Path) -> set[str]:
    """Names of the test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
