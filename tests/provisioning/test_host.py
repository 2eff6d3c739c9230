"""Paths of a tree stay in the tree, wherever its links lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.errors import DiskError, ProvisioningError
from provisioning.host import MAX_FILE_BYTES, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An empty tree."""
    (tmp_path / "etc").mkdir()
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("link", "aim", "asked", "found"),
    [
        ("etc/conf", "/usr/conf", "/etc/conf/a", "usr/conf/a"),
        ("etc/conf", "../usr/conf", "/etc/conf/a", "usr/conf/a"),
        ("etc/conf", "../../../../../usr", "/etc/conf/a", "usr/a"),
        ("etc/conf", "/", "/etc/conf/etc/a", "etc/a"),
        ("lib", "usr/lib", "/lib/systemd", "usr/lib/systemd"),
    ],
)
def test_links_are_followed_as_the_machine_itself_would(
    host: Host, link: str, aim: str, asked: str, found: str
) -> None:
    (host.root / link).symlink_to(aim)
    assert host.path(asked) == host.root / found


def test_the_last_link_is_followed_only_by_who_wants_the_file_behind_it(host: Host) -> None:
    (host.root / "etc/config.txt").symlink_to("/boot/config.txt")
    assert host.path("/etc/config.txt") == host.root / "etc/config.txt"
    assert host.target("/etc/config.txt") == host.root / "boot/config.txt"


def test_links_in_a_circle_are_told(host: Host) -> None:
    (host.root / "a").symlink_to("/b")
    (host.root / "b").symlink_to("/a")
    with pytest.raises(ProvisioningError, match="lead in a circle"):
        host.path("/a/x")


def test_accounts_are_those_of_the_tree(host: Host) -> None:
    assert host.user_id("root") is None
    (host.root / "etc/passwd").write_text("gate:x:77:78::/:/bin/false\nbroken\n:x:1:\n")
    (host.root / "etc/group").write_text("gate:x:78:\n")
    assert (host.user_id("gate"), host.group_id("gate"), host.user_id("broken")) == (77, 78, None)


def test_a_file_that_nobody_would_set_up_is_not_read(host: Host) -> None:
    with (host.root / "etc/huge").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(DiskError, match="not the file that is meant"):
        host.read("/etc/huge")


def test_a_program_tells_its_end_and_a_missing_one_is_told(host: Host) -> None:
    ran = host.run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ran.code, ran.ok, sorted(ran.output.split())) == (3, False, ["err", "out"])
    with pytest.raises(ProvisioningError, match="exit code 3"):
        host.must("sh", "-c", "exit 3")
    with pytest.raises(ProvisioningError, match="no such program"):
        host.run("gatehouse-no-such-program")
    with pytest.raises(ProvisioningError, match="did not end within"):
        host.run("sleep", "60", limit_s=0.05)


def test_room_is_told_of_the_place_that_is_there(host: Host) -> None:
    space = host.space("/var/lib/gatehouse/not/yet")
    assert space.free_bytes > 0
    assert space.free_files > 0
    assert not space.read_only
