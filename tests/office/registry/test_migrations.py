"""Offices of every released version become offices of this one; any other is refused and left alone.

`frozen/` holds a database of each release that changed the tables (CONTRIBUTING.md).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from office.errors import OfficeError
from office.exchange.upgrading import upgrade
from office.hub.office_schema import OfficeSchemaError, check_office_schema
from office.hub.schema import SCHEMA_VERSION
from office.site.directory import OfficeSettings, hold, make_directory, open_directory
from tests.support.frozen_office import ESTATE, tables_of, thaw
from tests.support.office_estate import NOW

FROZEN = sorted((Path(__file__).parent / "frozen").glob("*.sql"))
AT = int(NOW.timestamp())
Rows = dict[str, Counter[tuple[object, ...]]]

BROKEN = {
    "the reviewer is the clerk": "UPDATE registry_losscase SET reviewer_id = clerk_id",
    "an active card without a chip": "UPDATE registry_issue SET chip_id = NULL WHERE state = 'active'",
    "two running issues of a chip": (
        "UPDATE registry_issue SET chip_id = (SELECT chip_id FROM registry_issue WHERE state = 'active')"
        " WHERE state = 'active'"
    ),
    "an archive number again": "UPDATE registry_archivedform SET number = 1, year = 2026, form = 'KH-14-R01'",
    "a receipt that goes backwards": "UPDATE registry_payment SET amount = -amount",
    "money that goes nowhere": "UPDATE registry_ledgerentry SET credit_id = debit_id",
    "a tenant whose owner was not there": "UPDATE registry_tenancy SET owner_present = 0",
    "a banner approved by its reviewer": "UPDATE registry_banner SET approved_by_id = reviewed_by_id",
    "a form that was sent twice": "UPDATE registry_application SET submission = 'ab'",
    "settings of gates that are no JSON": "UPDATE registry_gatesite SET readers = 'none'",
    "a card of nobody": "UPDATE registry_issue SET holder_id = NULL, vehicle_id = NULL",
    "a signature for no card": "UPDATE registry_signature SET issue_id = 999999",
}


def office(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: Django can be set up once a process."""
    return subprocess.run(
        [sys.executable, "-m", "office", *arguments], capture_output=True, text=True, check=False, timeout=110
    )


def make_office(path: Path, frozen: Path) -> Path:
    """An office as that version left it; its database."""
    made = make_directory(path, OfficeSettings(ESTATE, secure=False))
    thaw(frozen, made.path / "office.db")
    return made.path / "office.db"


def change(database: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(";".join(statements))


def rows_of(database: Path, columns: dict[str, list[str]] | None = None) -> Rows:
    """Every row of every table, or these columns of these tables."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        wanted = columns or columns_of(database)
        return {
            table: Counter(connection.execute(f"SELECT {', '.join(map(quoted, names))} FROM {table}"))
            for table, names in wanted.items()
        }


def columns_of(database: Path) -> dict[str, list[str]]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables_of(connection)
        }


def quoted(name: str) -> str:
    return f'"{name}"'


def schema_of(database: Path) -> set[tuple[str, str]]:
    """Everything that SQLite was told to keep: tables, indexes, triggers, with their constraints."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return {(name, " ".join(sql.split())) for name, sql in found}


@pytest.fixture(scope="module", params=FROZEN, ids=lambda one: one.stem)
def released(request: pytest.FixtureRequest) -> Path:
    """The frozen text of a released version."""
    frozen: Path = request.param
    return frozen


@pytest.fixture(scope="module")
def upgraded(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of such an office after its upgrade."""
    database = make_office(tmp_path_factory.mktemp("upgraded") / "office", released)
    answer = office("upgrade", str(database.parent))
    assert answer.returncode == 0, answer.stderr
    return database


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a new office."""
    path = tmp_path_factory.mktemp("fresh") / "office"
    answer = office("init", str(path), "--estate", ESTATE, "--insecure")
    assert answer.returncode == 0, answer.stderr
    return path / "office.db"


def test_the_first_released_version_is_there_and_has_something_in_every_table(tmp_path: Path) -> None:
    assert FROZEN[0].stem == "0002_hub_and_relations"
    database = make_office(tmp_path / "office", FROZEN[0])
    assert [table for table, rows in rows_of(database).items() if not rows] == []


def test_no_row_is_lost_or_changed(released: Path, upgraded: Path, tmp_path: Path) -> None:
    before = make_office(tmp_path / "office", released)
    there = columns_of(upgraded)
    kept = {
        table: [one for one in names if one in there[table]] for table, names in columns_of(before).items()
    }
    old, new = rows_of(before, kept), rows_of(upgraded, kept)
    assert {table: rows - new[table] for table, rows in old.items() if rows - new[table]} == {}


def test_its_tables_are_those_of_a_new_office(upgraded: Path, fresh: Path) -> None:
    assert schema_of(upgraded) == schema_of(fresh)


def in_one_transaction(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute(statement)
    connection.execute("COMMIT")  # references are looked at here


@pytest.mark.parametrize("statement", BROKEN.values(), ids=BROKEN.keys())
def test_what_no_code_may_get_round_holds(upgraded: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(upgraded, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        with pytest.raises(sqlite3.IntegrityError):
            in_one_transaction(connection, statement)
        connection.execute("ROLLBACK")


def test_it_is_sound_and_goes_on_being_an_office(upgraded: Path, tmp_path: Path) -> None:
    answer = office("backup", str(upgraded.parent), str(tmp_path / "b.zip"))
    assert answer.returncode == 0, answer.stderr
    answer = office("watch", str(upgraded.parent), "--once")
    assert answer.returncode == 0, answer.stderr
    answer = office("hub", "report", str(upgraded))
    assert answer.returncode == 0, answer.stderr


def test_a_second_upgrade_changes_nothing_and_keeps_no_copy(upgraded: Path) -> None:
    before, beside = rows_of(upgraded), set(upgraded.parent.iterdir())
    answer = office("--json", "upgrade", str(upgraded.parent))
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["upgraded"] is False
    assert rows_of(upgraded) == before
    assert {one.name for one in set(upgraded.parent.iterdir()) - beside} <= {"office.db-wal", "office.db-shm"}


@pytest.mark.django_db
def test_no_model_waits_for_a_migration(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        call_command("makemigrations", "--check", "--dry-run")
    except SystemExit:
        pytest.fail(f"run makemigrations (CONTRIBUTING.md): {capsys.readouterr().out}", pytrace=False)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """An office whose hub's tables are of the version before the released one."""
    database = make_office(tmp_path / "office", FROZEN[0])
    change(database, "DROP TABLE as_built", "PRAGMA user_version = 3")
    return database


def test_an_upgrade_keeps_the_database_as_it_was(earlier: Path) -> None:
    before = rows_of(earlier)
    answer = office("--json", "upgrade", str(earlier.parent))
    assert answer.returncode == 0, answer.stderr
    kept = Path(json.loads(answer.stdout)["kept"])
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert rows_of(kept) == before
    assert "as_built" in columns_of(earlier)
    check_office_schema(earlier)


@pytest.mark.parametrize(
    "command",
    [("serve", "{}"), ("hub", "report", "{}/office.db"), ("backup", "{}", "{}.zip")],
    ids=lambda one: one[0],
)
def test_until_its_upgrade_an_office_says_what_to_do(earlier: Path, command: tuple[str, ...]) -> None:
    before = rows_of(earlier)
    answer = office(*(one.format(earlier.parent) for one in command))
    assert answer.returncode == 1
    assert f"run: python -m office upgrade {earlier.parent}" in answer.stderr
    assert rows_of(earlier) == before


@pytest.mark.parametrize(
    "later",
    [
        "INSERT INTO django_migrations (app, name, applied) VALUES ('registry', '9999_later', '2030-01-01')",
        f"PRAGMA user_version = {SCHEMA_VERSION + 1}",
    ],
    ids=["tables of the desk", "tables of the hub"],
)
def test_an_office_of_later_software_is_left_alone(tmp_path: Path, later: str) -> None:
    database = make_office(tmp_path / "office", FROZEN[-1])
    change(database, later)
    before = rows_of(database)
    with pytest.raises(OfficeSchemaError, match="a later version of this software"):
        check_office_schema(database)
    answer = office("upgrade", str(database.parent))
    assert answer.returncode == 1
    assert "a later version of this software" in answer.stderr
    assert rows_of(database) == before
    assert [one.name for one in database.parent.iterdir() if ".before-" in one.name] == []


def test_an_upgrade_that_fails_says_how_to_go_back(tmp_path: Path) -> None:
    database = make_office(tmp_path / "office", FROZEN[0])
    change(
        database, "DELETE FROM django_migrations WHERE app = 'registry' AND name = '0002_hub_and_relations'"
    )
    before = rows_of(database)
    answer = office("upgrade", str(database.parent))
    assert answer.returncode == 1
    assert "To go back: move office.db.before-" in answer.stderr
    (kept,) = database.parent.glob("office.db.before-*")
    assert rows_of(kept) == before


def test_nobody_may_work_with_it_meanwhile(earlier: Path) -> None:
    directory = open_directory(earlier.parent)
    with contextlib.closing(sqlite3.connect(earlier)) as hub:
        hub.execute("BEGIN IMMEDIATE")
        with pytest.raises(OfficeError, match="a hub works with it"):
            upgrade(directory, AT)
    hold(earlier.parent)
    with pytest.raises(OfficeError, match="the office is running"):
        upgrade(directory, AT)


def test_a_damaged_database_is_not_touched(earlier: Path) -> None:
    change(earlier, "UPDATE registry_auditentry SET action = 'nothing' WHERE number = 3")
    answer = office("upgrade", str(earlier.parent))
    assert "the audit trail is broken at entry 3" in answer.stderr
    assert "as_built" not in columns_of(earlier)


def test_a_missing_database_is_told_and_none_is_made(tmp_path: Path) -> None:
    made = make_directory(tmp_path / "office", OfficeSettings(ESTATE))
    answer = office("serve", str(made.path))
    assert "office.db: is missing; restore the last backup" in answer.stderr
    assert not (made.path / "office.db").exists()
