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
from office.options import HUB_LISTEN
from office.site.cli import add_site
from office.site.directory import OfficeSettings
from provisioning.__main__ import commands

ROOT = Path(__file__).parents[1]
FOLDERS = ("scripts", "systemd", "sync/vectors")
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    + [ROOT / one / "README.md" for one in FOLDERS]
)
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
RULE_ID = re.compile(r"(?:0\.[a-z]+|1[3-7]\.(?:[a-z]+|[0-9]+(?:\.[0-9a-z]+)*))\b")
PARTS = "bench|deskreader|docs|drivers|office|provisioning|scripts|sync|systemd|terminal|tests"
SOURCE_NAME = re.compile(rf"`((?:{PARTS})/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [one for one in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in one[0]]
    assert [one for one, _ in links if not (page.parent / one).exists()] == []
    wrong = [
        f"{one}#{anchor}"
        for one, anchor in links
        if anchor and anchor not in anchors(page.parent / one if one else page)
    ]
    assert wrong == []


def test_every_page_is_in_the_table_of_pages() -> None:
    table = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    listed = {(ROOT / "docs" / one).resolve() for one, _ in LINK.findall(table) if "://" not in one}
    assert {one for one in PAGES if one != ROOT / "docs/README.md"} - listed == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_source_files_that_are_named_exist(page: Path) -> None:
    named = SOURCE_NAME.findall(page.read_text(encoding="utf-8"))
    assert [one for one in named if not ((ROOT / one).exists() or (page.parent / one).exists())] == []


@pytest.mark.parametrize("page", ["promises.md", "procedures.md"])
def test_every_test_that_proves_a_promise_exists(page: str) -> None:
    named = TEST_NAME.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if name not in collected(ROOT / file)]
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


def test_what_the_two_commands_install_is_told() -> None:
    page = (ROOT / "scripts/README.md").read_text(encoding="utf-8")
    both, _, tests = page.partition("for `scripts/test` also")
    environment, test = ((ROOT / "scripts" / one).read_text("utf-8") for one in ("_environment", "test"))
    installed = array(environment, "BUILD_PACKAGES") + array(environment, "RUN_PACKAGES")
    assert len(installed) > 10
    assert [one for one in installed if one not in packages(both)] == []
    added = array(test, "RUN_PACKAGES")
    assert len(added) > 5
    assert [one for one in added if one not in packages(tests)] == []
    assert [one for one in added if one in packages(both)] == []
    options = set(re.findall(r"packages\+=\(([\w-]+)\)", environment))
    assert options - packages(both) == set()


def test_the_hubs_port_is_one() -> None:
    unit = (ROOT / "systemd/office/gatehouse-office.service").read_text(encoding="utf-8")
    assert f'"--hub-listen {HUB_LISTEN}"' in unit
    port = HUB_LISTEN.rpartition(":")[2]
    pages = {one: (ROOT / "docs" / one).read_text("utf-8") for one in ("network.md", "hub.md", "office.md")}
    assert [name for name, text in pages.items() if port not in text] == []


def collected(path: Path) -> set[str]:
    """What pytest selects in a file by this name: its test functions, and its test classes with theirs."""
    names = set[str]()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            inner = (one.name for one in node.body if isinstance(one, ast.FunctionDef))
            names |= {node.name, *(one for one in inner if one.startswith("test_"))}
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            names.add(node.name)
        elif isinstance(node, ast.Assign):  # a state machine's test case
            targets = (one.id for one in node.targets if isinstance(one, ast.Name))
            names |= {one for one in targets if one.startswith("Test")}
    return names


def anchors(page: Path) -> set[str]:
    """What a link to a heading of this page may name, as GitHub makes it."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def array(script: str, name: str) -> list[str]:
    """The words of every array of this name in a shell script."""
    return " ".join(re.findall(rf"^{name}\+?=\((.*)\)", script, re.MULTILINE)).split()


def packages(text: str) -> set[str]:
    """The words that a text sets as code."""
    return set(" ".join(re.findall(r"`([^`]+)`", text)).split())
