"""An office whose database is on a PostgreSQL server: made, used, backed up and put back by its commands."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import pytest

from office.errors import OfficeError
from office.exchange.backup import back_up, restore
from office.site.directory import OfficeDirectory, Server, open_directory
from tests.support.office_estate import NOW
from tests.support.postgresql import new_database
from tests.support.waiting import until

pytestmark = pytest.mark.real_part("postgresql")
AT = int(NOW.timestamp())


def office(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: Django can be set up once a process."""
    return subprocess.run(
        [sys.executable, "-m", "office", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env=os.environ | environment,
    )


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def others(url: str) -> int:
    """How many are connected to the database."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def url(postgresql: str) -> str:
    return new_database(postgresql, "garden")


@pytest.fixture(scope="module")
def demo(url: str, tmp_path_factory: pytest.TempPathFactory) -> OfficeDirectory:
    """A demonstration office."""
    path = tmp_path_factory.mktemp("office") / "demo"
    answer = office("demo", path, "--households", "20", "--gates", "3", "--database", url)
    assert answer.returncode == 0, answer.stderr
    return open_directory(path)


@pytest.fixture(scope="module")
def backup(demo: OfficeDirectory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "b.zip"
    back_up(demo, path, AT, with_keys=False)
    return path


def test_the_desk_the_hub_and_the_watcher_share_the_servers_database(demo: OfficeDirectory, url: str) -> None:
    assert not (demo.path / "office.db").exists()
    report = office("--json", "hub", "report", demo.path)
    assert report.returncode == 0, report.stderr
    assert len([one for one in json.loads(report.stdout) if one.startswith("gate ")]) == 3
    watched = office("--json", "watch", demo.path, "--once")
    assert watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout)["rounds"] >= 1
    assert "failed" not in watched.stderr
    assert count(url, "registry_watchmark") > 0


def test_an_export_has_every_table_with_the_cells_that_sqlite_gives(
    demo: OfficeDirectory, url: str, tmp_path: Path
) -> None:
    answer = office("export", demo.path, tmp_path / "all.zip")
    assert answer.returncode == 0, answer.stderr
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        text = archive.read("registry_relationkind.csv").decode("utf-8-sig")
        trail = archive.read("registry_auditentry.csv").decode("utf-8-sig")
        assert "records.csv" in archive.namelist(), "the hub's tables, too"
    kinds = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {one["direct"] for one in kinds} == {"0", "1"}
    entries = list(csv.DictReader(io.StringIO(trail, newline="")))
    assert len(entries) == count(url, "registry_auditentry")
    assert isinstance(json.loads(entries[0]["facts"]), dict)


def test_a_backup_is_one_state_with_its_proofs_and_without_kept_databases(backup: Path, url: str) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with zipfile.ZipFile(backup) as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "office.dump", "office.toml"]
        state = json.loads(archive.read("manifest.json"))["state"]
    assert state["cards"] == count(url, "registry_issue")
    assert len(state["gates"]) == 3


def test_it_becomes_a_new_office_on_an_empty_database_alone(
    backup: Path, postgresql: str, tmp_path: Path
) -> None:
    with pytest.raises(OfficeError, match="name the empty database"):
        restore(backup, tmp_path / "new", AT, replace=False)
    other = new_database(postgresql, "orchard")
    answer = office("--json", "restore", backup, tmp_path / "new", "--database", other)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert "hub resume" in said["next"]
    assert said["cards"] == count(other, "registry_issue")
    assert open_directory(tmp_path / "new").settings.database == other
    with pytest.raises(OfficeError, match="give an empty one"):
        restore(backup, tmp_path / "second", AT, replace=False, server=Server(other))
    with psycopg.connect(other) as connection:
        kept = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'before%'").fetchall()
    assert kept == [], "there was nothing to keep"


def test_a_restore_keeps_the_database_that_was_there_and_leaves_it_if_the_backup_is_bad(
    backup: Path, postgresql: str, tmp_path: Path
) -> None:
    there = new_database(postgresql, "meadow")
    target = tmp_path / "office"
    restore(backup, target, AT, replace=False, server=Server(there))
    whole = count(there, "registry_payment")
    with psycopg.connect(there) as connection:
        connection.execute("DELETE FROM registry_payment")
    lying = tmp_path / "lying.zip"
    with zipfile.ZipFile(backup) as archive, zipfile.ZipFile(lying, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            changed.writestr(
                name, data.replace(b'"cards": ', b'"cards": 1') if name == "manifest.json" else data
            )
    with pytest.raises(OfficeError, match="is not the one that its manifest describes"):
        restore(lying, target, AT, replace=True)
    assert count(there, "registry_payment") == 0, "as it was"
    with psycopg.connect(there), pytest.raises(OfficeError, match="1 connections work with it"):
        restore(backup, target, AT, replace=True)
    restore(backup, target, AT, replace=True)
    assert count(there, "registry_payment") == whole > 0
    assert count(there, "before_20261126_060000.registry_payment") == 0
    back_up(open_directory(target), tmp_path / "again.zip", AT, with_keys=False)
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        assert b"before_2026" not in archive.read("office.dump"), "what was kept is no part of a backup"


KILLING = """#!/bin/sh
{real} "$@"
kill -KILL $PPID
"""
"""A program of the server's in whose moment the power of the office's machine is cut."""


@pytest.mark.parametrize("program", ["pg_restore", "psql"])
def test_a_restore_that_is_killed_leaves_the_office_as_it_was_and_the_next_one_clears_up(
    backup: Path, postgresql: str, tmp_path: Path, program: str
) -> None:
    there, target = new_database(postgresql, f"cut_in_{program}"), tmp_path / "office"
    restore(backup, target, AT, replace=False, server=Server(there))
    whole = count(there, "registry_payment")
    with psycopg.connect(there) as connection:
        connection.execute("DELETE FROM registry_payment")
    real, cut = shutil.which(program), tmp_path / "bin" / program
    assert real is not None
    cut.parent.mkdir()
    cut.write_text(KILLING.format(real=real))
    cut.chmod(0o700)
    killed = office("restore", backup, target, "--replace", PATH=f"{cut.parent}:{os.environ['PATH']}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    until("what it had started has come to its end", lambda: others(there) == 0)
    assert count(there, "registry_payment") == 0, "as it was"
    assert office("check", target).returncode == 0
    back_up(open_directory(target), tmp_path / "again.zip", AT, with_keys=False)
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        assert b"gatehouse_restoring" not in archive.read("office.dump")
    restore(backup, target, AT, replace=True)
    assert count(there, "registry_payment") == whole > 0
    with psycopg.connect(there) as connection:
        left = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'gatehouse%'").fetchall()
    assert left == []


def test_an_office_of_this_version_needs_no_upgrade(demo: OfficeDirectory) -> None:
    upgraded = office("--json", "upgrade", demo.path)
    assert upgraded.returncode == 0, upgraded.stderr
    assert json.loads(upgraded.stdout)["upgraded"] is False


def test_an_office_of_an_earlier_version_is_refused_until_it_is_upgraded_and_kept_as_it_was(
    backup: Path, postgresql: str, tmp_path: Path
) -> None:
    there, target = new_database(postgresql, "older"), tmp_path / "office"
    assert office("restore", backup, target, "--database", there).returncode == 0
    back = [sys.executable, "-m", "django", "migrate", "registry", "0004", "--verbosity=0"]
    settings = {"GATEHOUSE_OFFICE": str(target), "DJANGO_SETTINGS_MODULE": "office.site.settings"}
    subprocess.run(back, check=True, timeout=110, env=os.environ | settings)
    refused = office("hub", "report", target)
    assert f"run: python -m office upgrade {target}" in refused.stderr
    with psycopg.connect(there):
        assert "connections work with it" in office("upgrade", target).stderr
    upgraded = office("--json", "upgrade", target)
    assert upgraded.returncode == 0, upgraded.stderr
    assert json.loads(upgraded.stdout)["upgraded"] is True
    (kept,) = target.glob("office.dump.before-*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert office("hub", "report", target).returncode == 0


def test_a_trail_that_was_tampered_with_is_not_backed_up(
    backup: Path, postgresql: str, tmp_path: Path
) -> None:
    there = new_database(postgresql, "heath")
    restore(backup, tmp_path / "office", AT, replace=False, server=Server(there))
    with psycopg.connect(there) as connection:
        connection.execute("UPDATE registry_auditentry SET action = 'x' WHERE number = 3")
    with pytest.raises(OfficeError, match="broken at entry 3"):
        back_up(open_directory(tmp_path / "office"), tmp_path / "b.zip", AT, with_keys=False)


def test_backups_of_the_two_kinds_do_not_mix(backup: Path, demo: OfficeDirectory, tmp_path: Path) -> None:
    made = office("init", tmp_path / "plain", "--estate", demo.settings.estate)
    assert made.returncode == 0, made.stderr
    with pytest.raises(OfficeError, match="cannot become a SQLite file"):
        restore(backup, tmp_path / "plain", AT, replace=True)
    back_up(open_directory(tmp_path / "plain"), tmp_path / "plain.zip", AT, with_keys=False)
    with pytest.raises(OfficeError, match="cannot be put on a PostgreSQL server"):
        restore(tmp_path / "plain.zip", demo.path, AT, replace=True)


def test_a_missing_program_and_a_server_that_is_away_are_told(
    demo: OfficeDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"postgresql://gatehouse@{str(tmp_path).replace('/', '%2F')}/garden"
    answer = office("init", tmp_path / "office", "--estate", "0f1e2d3c4b5a6978", "--database", away)
    assert answer.returncode == 1
    assert "check that the server runs" in answer.stderr
    assert not (tmp_path / "office").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OfficeError, match=r"pg_dump is missing.*apt-get install postgresql-client"):
        back_up(demo, tmp_path / "b.zip", AT, with_keys=False)


def test_a_database_in_use_is_checked_to_the_last_link_of_its_trail(demo: OfficeDirectory, url: str) -> None:
    sound = office("--json", "check", demo.path)
    assert sound.returncode == 0, sound.stderr
    assert json.loads(sound.stdout)["sound"] is True
    change = "UPDATE registry_auditentry SET rule = {} WHERE number = 3"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # past the triggers, as only its owner can
        connection.execute(change.format("rule || 'x'").encode())
        try:
            broken = office("check", demo.path)
        finally:
            connection.execute(change.format("left(rule, -1)").encode())
    assert broken.returncode == 1
    assert "broken at entry 3" in broken.stderr
