"""A half-received list outlives the process where the disk lets it, and is whole or nothing."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from terminal.agent import pieces
from terminal.agent.pieces import FilePieces

DATA = bytes(range(200))
DIGEST = sha256(DATA).digest()
OTHER = sha256(b"another list").digest()


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    first = FilePieces(tmp_path)
    assert first.begin(DIGEST, 200) == 0
    first.append(DATA[:80])
    assert first.begin(DIGEST, 200) == 80
    second = FilePieces(tmp_path)
    assert second.begin(DIGEST, 200) == 80
    second.append(DATA[80:])
    assert second.whole() == DATA
    second.forget()
    assert list(tmp_path.iterdir()) == []


def test_another_list_takes_the_place_of_the_first(tmp_path: Path) -> None:
    store = FilePieces(tmp_path)
    store.begin(DIGEST, 200)
    store.append(DATA[:80])
    assert store.begin(OTHER, 300) == 0
    store.append(b"other")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"other"]
    assert FilePieces(tmp_path).begin(DIGEST, 200) == 0


def test_more_than_was_announced_is_not_believed(tmp_path: Path) -> None:
    store = FilePieces(tmp_path)
    store.begin(DIGEST, 200)
    store.append(bytes(300))
    assert FilePieces(tmp_path).begin(DIGEST, 200) == 0


def test_without_a_disk_it_goes_on_in_memory(tmp_path: Path) -> None:
    store = FilePieces(tmp_path / "nowhere")
    store.begin(DIGEST, 200)
    store.append(DATA[:80])
    assert store.begin(DIGEST, 200) == 80
    store.append(DATA[80:])
    assert store.whole() == DATA
    store.forget()


def test_a_disk_that_was_full_for_a_moment_leaves_no_hole(tmp_path: Path) -> None:
    directory = tmp_path / "sync"
    store = FilePieces(directory)
    store.begin(DIGEST, 200)
    store.append(DATA[:80])  # there is no such folder yet
    directory.mkdir()
    store.append(DATA[80:120])
    assert store.begin(DIGEST, 200) == 120
    again = FilePieces(directory).begin(DIGEST, 200)
    assert again == 0, "what follows the hole is not taken for the beginning"
    store.append(DATA[120:])
    assert store.whole() == DATA


def test_its_files_are_for_the_gates_own_group(tmp_path: Path) -> None:
    store = FilePieces(tmp_path)
    store.begin(DIGEST, 200)
    store.append(DATA)
    (path,) = tmp_path.glob(f"{pieces.FILE_NAME}-*")
    assert path.stat().st_mode & 0o007 == 0
