"""The house stands as docs/adr/0001 says: import directions, no cycles, no forgotten package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support import house

ROOT = Path(__file__).resolve().parent.parent
TREE = house.read_tree(ROOT)
FOLDERS_OF_TESTS_ALONE = {"support", "browser"}
MOST_LINES = 300
"""A module that needs more is two modules."""


def test_every_import_goes_the_allowed_way() -> None:
    assert house.wrong_directions(TREE) == []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert house.cycles(TREE) == []


def test_private_modules_stay_in_their_folder() -> None:
    assert house.intrusions(TREE) == []


def test_no_module_borrows_from_a_test() -> None:
    assert house.borrowings(TREE | house.read_tree(ROOT, {"tests": None})) == []


def test_every_package_of_the_product_is_installed() -> None:
    on_disk = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for top in {name.partition(".")[0] for name in house.MAY_IMPORT} - {"scripts"}
        for init in (ROOT / top).rglob("__init__.py")
    }
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(on_disk)


def test_everything_beside_the_modules_is_installed_with_the_office() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    installed = {
        file
        for package, globs in patterns.items()
        for one in globs
        for file in ROOT.joinpath(*package.split(".")).glob(one)
    }
    beside = {file for file in (ROOT / "office").rglob("*") if file.is_file()}
    sources = {".py", ".pyc", ".po"}
    assert sorted(str(one) for one in beside - installed if one.suffix not in sources) == []


def test_every_folder_with_modules_is_a_package() -> None:
    tops = [ROOT / name.partition(".")[0] for name in house.MAY_IMPORT]
    folders = {file.parent for top in [*tops, ROOT / "tests"] for file in top.rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_tests_mirror_the_tree() -> None:
    strays = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if (parts := file.relative_to(ROOT / "tests").parent.parts)
        and FOLDERS_OF_TESTS_ALONE.isdisjoint(parts)
        and not (ROOT.joinpath(*parts)).is_dir()
    ]
    assert strays == []


def test_no_module_is_too_long_to_be_read_at_a_sitting() -> None:
    written = {
        name: text for name, text in TREE.items() if not name.endswith(".migrations.0001_first")
    }  # Django writes those
    assert {name: n for name, text in written.items() if (n := text.count("\n")) > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("drivers.sim", "import sync", "sync"),
        ("drivers.sim", "from drivers.ports import Reader", None),
        ("sync.codec", "from drivers import ports", "drivers.ports"),
        ("sync.codec", "def f():\n  import terminal.loop", "terminal.loop"),
        ("sync.codec", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import office", "office"),
        ("terminal.core.door", "from sync.records import Grant", None),
        ("terminal.core.door", "from sync.records.grant import Grant", None),
        ("terminal.core.door", "from sync import codec", "sync.codec"),
        ("terminal.core.door", "from drivers.ports import CardRead", None),
        ("terminal.core.door", "import drivers.sim", "drivers.sim"),
        ("terminal.core.door", "from terminal import loop", "terminal.loop"),
        ("terminal.core.door", "from .. import loop", "terminal.loop"),
        ("terminal.core.door", "from collections.abc import Sequence", None),
        ("terminal.core.door", "import os", "os"),
        ("terminal.core.door", "import time", "time"),
        ("terminal.core.door", "import msgpack", "msgpack"),
        ("terminal.loop", "import office", "office"),
        ("terminal.loop", "from terminal.core import door", None),
        ("terminal.loop", "import smartcard.scard", "smartcard.scard"),
        ("drivers.sim", "from smartcard import scard", None),
        ("office", "import terminal", "terminal"),
        ("office", "from sync import codec", None),
        ("terminal.loop", "import tests.support", "tests.support"),
    ],
)
def test_the_checker_sees_each_wrong_direction(module: str, source: str, named: str | None) -> None:
    names = (
        "drivers drivers.ports drivers.sim office sync sync.codec sync.records sync.records.grant "
        "terminal terminal.core terminal.core.door terminal.loop tests tests.support"
    )
    tree = dict.fromkeys(names.split(), "") | {module: source}
    expected = [] if named is None else [f"{module} may not import {named}"]
    assert house.wrong_directions(tree) == expected


def test_the_checker_sees_a_cycle() -> None:
    tree = {
        "sync": "",
        "sync.a": "from sync import b",
        "sync.b": "import sync.c",
        "sync.c": "from sync.a import x",
    }
    assert house.cycles(tree) == ["sync.a → sync.b → sync.c → sync.a"]
    assert house.cycles(tree | {"sync.c": "import os"}) == []


def test_the_checker_sees_what_is_borrowed_from_a_test() -> None:
    borrowed = (
        "from tests.sync.test_a import x",
        "from tests.sync import test_a",
        "import tests.sync.test_a",
        "def f():\n  from .test_a import x",
    )
    for source in borrowed:
        tree = {"tests.sync": "", "tests.sync.test_a": "", "tests.sync.test_b": source}
        assert house.borrowings(tree) == ["tests.sync.test_b may not import tests.sync.test_a"]
    assert house.borrowings({"tests.sync.test_b": "from tests.support.estate import card, test_card"}) == []


def test_the_checker_sees_an_intrusion() -> None:
    tree = {
        "drivers": "",
        "drivers._a": "",
        "drivers.b": "from drivers import _a",
        "terminal": "import drivers._a",
    }
    assert house.intrusions(tree) == ["terminal may not import drivers._a: it is private to drivers"]
