"""What was changed is put back; what somebody else changed since is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioning.errors import DiskError, JournalError
from provisioning.host import Host
from provisioning.items import Directory, Edit, File, Item, Link, with_block
from provisioning.journal import DIRECTORY, Journal
from provisioning.tree import Tree
from tests.support.machine import snapshot

ITEMS: tuple[Item, ...] = (
    File("/etc/own/new.conf", b"new", 0o640),
    File("/etc/theirs.conf", b"ours"),
    Directory("/srv/state", 0o2770),
    Link("/etc/link", "/dev/null"),
    Edit("/etc/both.conf", with_block(["ours=1"]), "add ours"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with something of others at every second path."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "var/lib/gatehouse").mkdir(parents=True)
    (tmp_path / "etc/theirs.conf").write_bytes(b"theirs \xff\n")
    (tmp_path / "etc/theirs.conf").chmod(0o604)
    (tmp_path / "etc/both.conf").write_text("theirs=1\n")
    (tmp_path / "etc/link").symlink_to("theirs.conf")
    return tmp_path


@pytest.fixture
def tree(root: Path) -> Tree:
    """The tree with its journal open."""
    host = Host(root)
    journal = Journal(host)
    journal.open()
    return Tree(host, journal)


def again(tree: Tree) -> Tree:
    """The same machine at a later visit: what is known comes from disk."""
    return Tree(tree.host, Journal(tree.host))


def test_items_are_told_put_and_taken_back(tree: Tree, root: Path) -> None:
    before = snapshot(root / "etc")
    assert tree.differences("s", ITEMS) == [
        "make directory /etc/own",
        "make file /etc/own/new.conf",
        "change file /etc/theirs.conf",
        "make directory /srv",
        "make directory /srv/state",
        "change link /etc/link",
        "/etc/both.conf: add ours",
    ]
    tree.put("s", ITEMS)
    assert (root / "etc/own/new.conf").read_bytes() == b"new"
    assert (root / "etc/theirs.conf").stat().st_mode & 0o7777 == 0o644
    assert (root / "srv/state").stat().st_mode & 0o7777 == 0o2770
    assert (root / "etc/both.conf").read_text().startswith("theirs=1\n# gatehouse: begin")
    later = again(tree)
    assert later.differences("s", ITEMS) == []
    assert later.undo("s") == []
    assert snapshot(root / "etc") == before
    assert not (root / "srv").exists()


def test_an_items_wrong_mode_is_mended(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    (root / "etc/own/new.conf").chmod(0o666)
    assert tree.differences("s", ITEMS) == ["change file /etc/own/new.conf"]
    tree.put("s", ITEMS)
    assert (root / "etc/own/new.conf").stat().st_mode & 0o7777 == 0o640


def test_what_somebody_changed_since_is_left_to_him(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    (root / "etc/theirs.conf").write_text("edited")
    with (root / "etc/both.conf").open("a") as file:
        file.write("more=1\n")
    (root / "srv/state/data").write_text("data")
    stays = tree.undo("s")
    assert (root / "etc/theirs.conf").read_text() == "edited"
    assert (root / "etc/both.conf").read_text() == "theirs=1\nmore=1\n"
    assert sorted(line.partition(": ")[0].rpartition("/")[2] for line in stays) == [
        "both.conf",
        "srv",
        "state",
        "theirs.conf",
    ]


def test_what_somebody_removed_since_comes_back(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    (root / "etc/theirs.conf").unlink()
    assert tree.undo("s") == []
    assert (root / "etc/theirs.conf").read_bytes() == b"theirs \xff\n"


def test_what_a_step_no_longer_wants_is_put_back_at_once(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    assert tree.differences("s", ITEMS[:1]) == [
        f"put back {path} as it was before"
        for path in ("/etc/both.conf", "/etc/link", "/srv/state", "/srv", "/etc/theirs.conf")
    ]
    tree.put("s", ITEMS[:1])
    assert (root / "etc/theirs.conf").read_bytes() == b"theirs \xff\n"
    assert (root / "etc/link").readlink() == Path("theirs.conf")
    assert not (root / "srv").exists()
    assert again(tree).differences("s", ITEMS[:1]) == []


def test_a_directory_that_is_not_needed_any_more_stays_while_others_use_it(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    (root / "srv/theirs").touch()
    tree.put("s", ITEMS[:1])
    assert (root / "srv/theirs").exists()
    assert not (root / "srv/state").exists()
    assert again(tree).differences("s", ITEMS[:1]) == []


def test_every_version_that_was_ours_is_known_as_ours(tree: Tree, root: Path) -> None:
    for number in range(5):
        tree.put("s", [File("/etc/theirs.conf", b"version %d" % number)])
    (root / "etc/theirs.conf").write_bytes(b"version 3")  # an upgrade that a power cut interrupted
    assert again(tree).undo("s") == []
    assert (root / "etc/theirs.conf").read_bytes() == b"theirs \xff\n"


def test_an_edit_follows_a_link_to_the_file_that_is_meant(tree: Tree, root: Path) -> None:
    (root / "etc/alias.conf").symlink_to("/etc/both.conf")
    tree.put("s", [Edit("/etc/alias.conf", with_block(["a=1"]), "add a")])
    assert (root / "etc/alias.conf").is_symlink()
    assert "a=1" in (root / "etc/both.conf").read_text()
    assert tree.undo("s") == []
    assert (root / "etc/both.conf").read_text() == "theirs=1\n"


def test_a_device_or_socket_is_not_touched(tree: Tree, root: Path) -> None:
    os.mkfifo(root / "etc/pipe")
    with pytest.raises(DiskError, match="neither a file nor a directory"):
        tree.put("s", [File("/etc/pipe", b"")])


def test_a_damaged_copy_of_an_original_is_told_not_restored(tree: Tree, root: Path) -> None:
    tree.put("s", [File("/etc/theirs.conf", b"ours")])
    name = tree.journal.record.changes[0].original.content
    (root / DIRECTORY[1:] / name).write_bytes(b"rotten")
    with pytest.raises(JournalError, match="gone or damaged"):
        tree.undo("s")
    assert (root / "etc/theirs.conf").read_bytes() == b"ours"


@pytest.mark.parametrize("content", [b"", b"{", b'{"version":1,"strange":1}', b'{"version":2}', b"\xff"])
def test_a_journal_that_is_not_ours_is_told(tree: Tree, root: Path, content: bytes) -> None:
    (root / DIRECTORY[1:] / "journal.json").write_bytes(content)
    with pytest.raises(JournalError, match=r"is damaged|has format 2"):
        Journal(tree.host)


def test_lines_that_others_wrote_between_two_of_our_edits_stay(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    with (root / "etc/both.conf").open("a") as file:
        file.write("more=1\n")
    later = again(tree)
    later.put("s", [*ITEMS[:-1], Edit("/etc/both.conf", with_block(["ours=2"]), "add ours")])
    assert "ours=2" in (root / "etc/both.conf").read_text()
    (told,) = again(later).undo("s")
    assert "our lines are out" in told
    assert (root / "etc/both.conf").read_text() == "theirs=1\nmore=1\n"


def test_a_file_of_ours_that_somebody_changed_is_ours_again_and_goes(tree: Tree, root: Path) -> None:
    tree.put("s", ITEMS)
    (root / "etc/own/new.conf").write_text("edited")
    tree.put("s", ITEMS)
    assert tree.undo("s") == []
    assert not (root / "etc/own").exists()
