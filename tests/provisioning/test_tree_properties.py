"""Whatever was there and whatever two visits wanted: taken back, all is as it was; twice is once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from provisioning.host import Host
from provisioning.items import Directory, Edit, File, Item, Link, with_block
from provisioning.journal import Journal
from provisioning.tree import Tree
from tests.provisioning.conftest import MEMORY
from tests.support.machine import Snapshot, snapshot

FILES = ("/etc/a", "/etc/b.conf", "/etc/d/a", "/etc/d/e/b", "/srv/a")
LINKS = ("/etc/a", "/etc/d/a")
FOLDERS = ("/etc/d", "/etc/d/e", "/srv", "/opt/x/y")
MODES = st.sampled_from([0o600, 0o640, 0o644, 0o755])
TEXTS = st.sampled_from(["", "a\n", "a", "\udcff\n", "# gatehouse\n"])


@st.composite
def befores(draw: st.DrawFn) -> dict[str, tuple[str, str, int]]:
    """What is at some of the paths: kind, content or target, mode."""
    kinds = st.sampled_from(["absent", "file", "link"])
    return {path: (draw(kinds), draw(TEXTS), draw(MODES)) for path in FILES}


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """What a step may want: any of the paths, in any way that goes with the others."""
    found: list[Item] = [
        Directory(path, draw(st.sampled_from([0o700, 0o755, 0o2770])))
        for path in draw(st.lists(st.sampled_from(FOLDERS), unique=True))
    ]
    for path in draw(st.lists(st.sampled_from(FILES), unique=True)):
        file = File(path, draw(TEXTS).encode("utf-8", "surrogateescape"), draw(MODES))
        # An edit is of the file behind a link: no path is both.
        other: Item = (
            Link(path, "/dev/null")
            if path in LINKS
            else Edit(path, with_block([draw(st.sampled_from(["x=1", "x=2"]))]), "x")
        )
        found.append(file if draw(st.booleans()) else other)
    return found


def make(root: Path, before: dict[str, tuple[str, str, int]]) -> Snapshot:
    """The machine before the first visit."""
    (root / "var/lib").mkdir(parents=True)
    for path, (kind, text, mode) in before.items():
        there = root / path[1:]
        if kind != "absent":
            there.parent.mkdir(parents=True, exist_ok=True)
        if kind == "file":
            there.write_bytes(text.encode("utf-8", "surrogateescape"))
            there.chmod(mode)
        elif kind == "link":
            there.symlink_to("/nowhere")
    return snapshot(root)


@given(befores(), items(), items())
def test_taken_back_all_is_as_it_was(
    before: dict[str, tuple[str, str, int]], first: list[Item], second: list[Item]
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        root = Path(name)
        untouched = make(root, before)
        host = Host(root)
        for wanted in (first, second, second):
            journal = Journal(host)
            journal.open()
            Tree(host, journal).put("s", wanted)
            assert Tree(host, journal).differences("s", wanted) == []
            journal.close()
        whole = snapshot(root)
        journal = Journal(host)
        journal.open()
        Tree(host, journal).put("s", second)
        assert snapshot(root) == whole
        assert Tree(host, journal).undo("s") == []
        journal.remove()
        assert snapshot(root) == untouched
