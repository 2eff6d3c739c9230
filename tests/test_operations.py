"""docs/operations.md has a word on everything that can be raised: read from the code, not a list of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.events import EventKind

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
ROWS = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
NAMED = set(re.findall(r"`([\w…]+)`", PAGE))
SOURCES = {
    path: ast.parse(path.read_text("utf-8"))
    for top in ("office", "sync", "terminal")
    for path in (ROOT / top).rglob("*.py")
}


def classes_attacks() -> Iterator[str]:
    """Every error's stable word."""
    for tree in SOURCES.values():
        for one in ast.walk(tree):
            match one:
                case ast.Assign([ast.Name("attack")], ast.Constant(str(word))):
                    yield word
                case ast.AnnAssign(ast.Name("attack"), _, ast.Constant(str(word))):
                    yield word


def constants(tree: ast.Module) -> dict[str, str]:
    """Texts that a module gives a name."""
    return {
        one.target.id: one.value.value
        for one in tree.body
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and isinstance(one.value, ast.Constant)
        and isinstance(one.value.value, str)
    }


def hub_alarms() -> Iterator[str]:
    """The name of every alarm that the office raises; one with an ending of its own as ``name_…``."""
    known = {name: text for tree in SOURCES.values() for name, text in constants(tree).items()}
    for path, tree in SOURCES.items():
        for one in ast.walk(tree):
            match one:
                case ast.Call(ast.Attribute(_, "alarm"), [_, name, *_]) if "office" in path.parts:
                    yield from _name(name, known)


def _name(name: ast.expr, known: dict[str, str]) -> Iterator[str]:
    match name:
        case ast.Constant(str(word)):
            yield word
        case ast.Name(constant) if constant in known:
            yield known[constant]
        case ast.JoinedStr([ast.Constant(str(word)), *_]):
            yield f"{word}…"
        case ast.Attribute(_, "attack") | ast.Name("attack" | "name"):
            pass  # one of the attacks, which have their own test
        case _:
            raise AssertionError(f"an alarm whose name cannot be read: {ast.unparse(name)}")


def calls(function: str, at: int = 0) -> Iterator[str]:
    """First (or ``at``-th) texts with which a function of this name is called."""
    for tree in SOURCES.values():
        for one in ast.walk(tree):
            if not isinstance(one, ast.Call) or len(one.args) <= at:
                continue
            named = one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
            word = one.args[at]
            if named == function and isinstance(word, ast.Constant) and isinstance(word.value, str):
                yield word.value


@pytest.mark.parametrize("kind", EventKind, ids=lambda one: one.name.lower())
def test_every_event_has_meaning_and_cure(kind: EventKind) -> None:
    rows = [row for row in ROWS if f"`{kind.name.lower()}`" in row[1] and len(row) == 6]
    assert len(rows) == 1
    _, _, sort, means, cure, _ = rows[0]
    assert sort.strip() in ("alarm", "note")
    assert min(len(means.strip()), len(cure.strip())) >= len("nothing")


def test_every_attack_is_there() -> None:
    attacks = set(classes_attacks())
    assert len(attacks) > 30
    assert attacks - NAMED == set()


def test_every_alarm_of_the_office_is_there() -> None:
    alarms = set(hub_alarms())
    assert {"cannot_sign", "unknown_list", "session_…", "self_test_failed"} <= alarms
    assert alarms - NAMED == set()


def test_every_refusal_of_an_enrolment_is_there() -> None:
    names = {f"enrolment_{one}" for one in calls("_UnwantedError")}
    assert len(names) > 5
    assert names - NAMED == set()


def test_every_end_of_a_session_is_there() -> None:
    codes = {*calls("Bye"), *calls("_end", 1), *calls("_refuse")} - set(classes_attacks())
    assert {"silent", "wrong_role"} <= codes
    assert codes - NAMED == set()


def test_every_count_of_the_gates_sync_process_is_there() -> None:
    # A count has a name; what else is counted is characters of a text.
    counted = {one for one in (*calls("count"), *calls("_refused")) if one.isidentifier()}
    assert {"disk", "frozen_link", "time_jump"} <= counted
    assert counted - NAMED == set()


def test_every_row_says_what_to_do() -> None:
    empty = [row[1].strip() for row in ROWS if any(not cell.strip() for cell in row[1:-1])]
    assert empty == []
