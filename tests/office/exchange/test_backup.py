"""Backups: taken from an office in use, checked, and put back only where nobody works."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from office.errors import OfficeError
from office.exchange.backup import back_up, restore
from office.exchange.soundness import judge
from office.exchange.working_folder import working_folder
from office.hub.store import HubStore
from office.site.directory import alone, hold, open_directory
from tests.support.office_estate import NOW

ESTATE = "6761746568303031"
AT = int(NOW.timestamp())


def office(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own: Django can be set up once a process."""
    return subprocess.run(
        [sys.executable, "-m", "office", *arguments], capture_output=True, text=True, check=False, timeout=110
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration office with a key in its folder; a restore of it; what both commands said."""
    path = tmp_path_factory.mktemp("office") / "demo"
    answer = office("demo", str(path), "--households", "20", "--gates", "3")
    assert answer.returncode == 0, answer.stderr
    (path / "keys").mkdir()
    (path / "keys" / "list.key").write_text("secret", encoding="ascii")
    return path


@pytest.fixture
def backup(demo: Path, tmp_path: Path) -> Path:
    """A backup without keys."""
    back_up(open_directory(demo), tmp_path / "b.zip", AT, with_keys=False)
    return tmp_path / "b.zip"


def test_a_backup_is_private_whole_and_without_keys_unless_asked(demo: Path, backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with zipfile.ZipFile(backup) as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "office.db", "office.toml"]
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["state"]["cards"] > 20
    assert len(manifest["state"]["gates"]) == 3
    whole = backup.with_name("whole.zip")
    back_up(open_directory(demo), whole, AT, with_keys=True)
    with zipfile.ZipFile(whole) as archive:
        assert {"secret.key", "keys/list.key"} <= set(archive.namelist())
    assert [one.name for one in backup.parent.iterdir() if one.name.startswith(".")] == []
    with pytest.raises(OfficeError, match="choose a new name"):
        back_up(open_directory(demo), backup, AT, with_keys=False)


def test_a_restored_office_has_everything_and_says_what_the_hub_will_need(
    demo: Path, backup: Path, tmp_path: Path
) -> None:
    target = tmp_path / "restored"
    answer = office("--json", "restore", str(backup), str(target))
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert "hub resume" in said["next"]
    assert len(said["gates"]) == 3
    assert judge(target / "office.db", bytes.fromhex(ESTATE_OF_DEMO)).cards == said["cards"]
    assert stat.S_IMODE((target / "office.db").stat().st_mode) == 0o600
    assert (target / "secret.key").read_text() != (demo / "secret.key").read_text()
    assert not (target / "keys").exists()
    again = office("restore", str(backup), str(target))
    assert again.returncode == 1
    assert "--replace" in again.stderr


ESTATE_OF_DEMO = "6465616d6f303031"


def test_a_restore_keeps_the_database_that_was_there(demo: Path, backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "office"
    shutil.copytree(demo, target)
    with contextlib.closing(sqlite3.connect(target / "office.db")) as connection, connection:
        connection.execute("DELETE FROM registry_payment")
    restore(backup, target, AT, replace=True)
    kept = target / "office.db.before-20261126-060000"
    counts = []
    for path in (kept, target / "office.db"):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            counts.append(connection.execute("SELECT count(*) FROM registry_payment").fetchone()[0])
    assert counts[0] == 0
    assert counts[1] > 0
    assert (target / "secret.key").read_text() == (demo / "secret.key").read_text()


def test_nothing_is_restored_while_somebody_works(demo: Path, backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "office"
    shutil.copytree(demo, target)
    before = (target / "office.db").read_bytes()
    code = "import sys; from pathlib import Path; from office.site.directory import hold;"
    code += "hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"held\n"
        with pytest.raises(OfficeError, match="is running; stop it first"):
            restore(backup, target, AT, replace=True)
        worker.communicate()
    store = HubStore(target / "office.db")
    try:
        with pytest.raises(OfficeError, match="a hub works with it"):
            restore(backup, target, AT, replace=True)
    finally:
        store.close()
    with contextlib.closing(sqlite3.connect(target / "office.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (target / "office.db").read_bytes() == before
    restore(backup, target, AT, replace=True)


def test_an_office_cannot_start_while_it_is_restored(demo: Path) -> None:
    with alone(demo), pytest.raises(OfficeError, match="is being restored"):
        hold(demo)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE registry_auditentry SET action = 'x' WHERE number = 3", "broken at entry 3"),
        ("DELETE FROM registry_auditentry WHERE number = 2", "broken at entry 2"),
        ("UPDATE hub SET estate_id = x'0000000000000000'", "is of estate 0000"),
        ("PRAGMA application_id = 7", "is not a hub's store"),
    ],
)
def test_a_database_that_was_tampered_with_is_not_backed_up(
    demo: Path, tmp_path: Path, change: str, said: str
) -> None:
    broken = tmp_path / "office"
    shutil.copytree(demo, broken)
    with contextlib.closing(sqlite3.connect(broken / "office.db", isolation_level=None)) as connection:
        connection.execute(change)
    with pytest.raises(OfficeError, match=said):
        back_up(open_directory(broken), tmp_path / "b.zip", AT, with_keys=False)
    assert not (tmp_path / "b.zip").exists()


def rewritten(backup: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(backup) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[name] = data
    changed = backup.with_name("changed.zip")
    with zipfile.ZipFile(changed, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    return changed


def test_a_changed_part_or_a_name_that_leads_elsewhere_is_refused(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(OfficeError, match="the backup is damaged"):
        restore(rewritten(backup, "office.toml", b"estate = 'x'"), target, AT, replace=False)
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["parts"]["../evil"] = "0" * 64
    with pytest.raises(OfficeError, match="no backup of this version"):
        restore(rewritten(backup, "manifest.json", json.dumps(manifest).encode()), target, AT, replace=False)
    del manifest["parts"]["../evil"]
    manifest["state"]["entries"] += 1
    with pytest.raises(OfficeError, match="not the one that its manifest describes"):
        restore(rewritten(backup, "manifest.json", json.dumps(manifest).encode()), target, AT, replace=False)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(OfficeError, match="is no backup"):
        restore(tmp_path / "x.zip", target, AT, replace=False)
    assert not (target / "office.db").exists()


def test_a_check_of_an_office_in_use_finds_a_changed_entry(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    shutil.copytree(demo, path)
    hold(path)  # somebody works with it
    answer = office("--json", "check", str(path))
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert said["sound"] is True
    assert len(said["audit_head"]) == 64
    with contextlib.closing(sqlite3.connect(path / "office.db")) as connection:
        connection.execute(
            "UPDATE registry_auditentry SET user_id = 1 + coalesce(user_id, 1) WHERE number = 2"
        )
        connection.commit()
    answer = office("check", str(path))
    assert answer.returncode == 1
    assert "the audit trail is broken at entry 2" in answer.stderr


WORKING = """
import pathlib, signal, sys
from office.exchange.working_folder import working_folder
with working_folder(pathlib.Path(sys.argv[1]), ".backup-") as folder:
    (folder / "secret.key").write_text("secret")
    print(folder, flush=True)
    signal.pause()
"""


def test_what_a_killed_backup_leaves_goes_with_the_next_one_and_what_is_in_use_stays(
    demo: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WORKING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        killed.kill()
    assert (left / "secret.key").exists()
    with working_folder(tmp_path, ".backup-") as used:
        assert not left.exists()
        back_up(open_directory(demo), tmp_path / "b.zip", AT, with_keys=False)
        assert used.exists()
    assert [one.name for one in tmp_path.iterdir()] == ["b.zip"]
