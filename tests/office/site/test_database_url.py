"""The address of a database: what is taken; a password is neither shown nor kept where others read it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from office.errors import OfficeError
from office.hub.address import PostgresAddress, check_url
from office.hub.postgresql import connect, in_postgres
from office.hub.schema import HubStoreError
from office.site.directory import OfficeSettings, Server, make_directory, open_directory
from tests.support.postgresql import new_database

ESTATE = "0f1e2d3c4b5a6978"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://office@db.example.org/office",
        "postgres://office@db.example.org:5433/office?sslmode=verify-full",
        "postgresql://office@%2Frun%2Fpostgresql/office",
        "postgresql:///office?service=gatehouse",
    ],
)
def test_what_libpq_takes_is_taken(url: str) -> None:
    assert check_url(url, "--database") == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://office:s3cret@db/office", "leave the password out"),
        ("postgresql://office@db/office?password=s3cret", "leave the password out"),
        ("postgresql://office@db", "is no postgresql://"),
        ("mysql://office:@db/office", "leave the password out"),
        ("office.db", "is no postgresql://"),
        ("postgresql://office@db:port/office", "--database: "),
        ("postgresql://[db/office", "--database: "),
    ],
)
def test_anything_else_is_refused_and_no_password_is_repeated(url: str, told: str) -> None:
    with pytest.raises(OfficeError) as refused:
        check_url(url, "--database")
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_the_settings_keep_the_address_and_a_file_of_its_own_the_password(tmp_path: Path) -> None:
    url = 'postgresql://office@db/office?application_name="desk"'
    made = make_directory(tmp_path / "office", OfficeSettings(ESTATE), Server(url, "a:b\\c"))
    assert open_directory(made.path).database == made.database
    assert isinstance(made.database, PostgresAddress)
    assert str(made.database) == url
    assert stat.S_IMODE(made.database.passfile.stat().st_mode) == 0o600
    assert made.database.passfile.read_text() == "*:*:*:*:a\\:b\\\\c\n"
    assert "a:b" not in (made.path / "office.toml").read_text()
    made.database.passfile.chmod(0o640)
    with pytest.raises(HubStoreError, match="chmod 600"):
        connect(made.database)


def test_settings_with_a_password_in_the_address_are_refused(tmp_path: Path) -> None:
    made = make_directory(tmp_path / "office", OfficeSettings(ESTATE))
    with (made.path / "office.toml").open("a") as file:
        file.write('database = "postgresql://office:s3cret@db/office"\n')
    with pytest.raises(OfficeError, match=r"office.toml: database: leave the password out") as refused:
        open_directory(made.path)
    assert "s3cret" not in str(refused.value)


def test_values_are_numbered_and_sqlites_hints_left_out() -> None:
    assert (
        in_postgres("UPDATE records INDEXED BY records_that_differ SET a = ? WHERE b = ?")
        == "UPDATE records SET a = $1 WHERE b = $2"
    )


@pytest.mark.real_part("postgresql")
def test_a_password_comes_from_a_file_and_is_in_no_process_list(postgresql: str, tmp_path: Path) -> None:
    """The server trusts everybody here: what is told to it is read from libpq's own answer."""
    url = new_database(postgresql, "guarded")
    (tmp_path / "password").write_text("s3cret\nnot this\n")
    by_file = ("--database-password-file", str(tmp_path / "password"))
    words = ("init", str(tmp_path / "office"), "--estate", ESTATE, "--database", url)
    made = subprocess.run(
        [sys.executable, "-m", "office", *words, *by_file],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PGPASSWORD": ""},
    )
    assert made.returncode == 0, made.stderr
    assert "s3cret" not in made.stdout + made.stderr
    address = open_directory(tmp_path / "office").database
    assert isinstance(address, PostgresAddress)
    connection = connect(address)
    assert connection.info.get_parameters()["passfile"] == str(address.passfile)
    connection.close()
    alone = subprocess.run(
        [sys.executable, "-m", "office", "init", str(tmp_path / "x"), "--estate", ESTATE, *by_file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "goes with --database" in alone.stderr


@pytest.mark.real_part("postgresql")
def test_a_database_that_is_not_utf_8_is_refused(postgresql: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    words = ("init", str(tmp_path / "office"), "--estate", ESTATE)
    answer = subprocess.run(
        [sys.executable, "-m", "office", *words, "--database", f"{postgresql.rpartition('/')[0]}/latin"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "ENCODING 'UTF8'" in answer.stderr
    assert not (tmp_path / "office").exists()
