"""Whatever cuts a switch off, one whole release serves, and a trial is neither forgotten nor for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.durable import temporary_of
from provisioning.errors import DiskError
from provisioning.releases import COMPLETE, HOME, TRIAL, Refused, ReleaseError, Releases, Trial
from terminal.stores.files import Checkpoint
from tests.support.processes import kill_at
from tests.support.releases import NEW, OLD, serving, unpack


def test_the_first_release_serves_and_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    releases = unpack(tmp_path, OLD)
    assert (releases.current(), releases.previous(), releases.trial()) == (None, None, None)
    assert releases.switch(OLD, on_trial=False)
    assert (releases.current(), releases.previous()) == (OLD, None)
    assert not releases.switch(OLD, on_trial=True), "nothing changed, nothing is tried"
    with pytest.raises(ReleaseError, match="no release to go back to"):
        releases.go_back("by hand")
    assert releases.current() == OLD


def test_links_hold_in_an_image_that_is_mounted_elsewhere(tmp_path: Path) -> None:
    serving(tmp_path / "image")
    (tmp_path / "image").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / HOME / "current" / COMPLETE).is_file()


@pytest.mark.parametrize("name", ["2.0", "..", "../releases/1.1", "", "1.1/../1.0", "½"])
def test_only_a_whole_release_is_switched_to(tmp_path: Path, name: str) -> None:
    releases = serving(tmp_path)
    (tmp_path / HOME / "releases/2.0").mkdir()  # unpacking it was cut off
    with pytest.raises(ReleaseError, match="no whole release"):
        releases.switch(name, on_trial=True)
    assert (releases.current(), releases.trial()) == (OLD, None)


def test_a_release_that_stands_its_trial_stays_with_the_one_before(tmp_path: Path) -> None:
    releases = serving(tmp_path, also=(NEW, "1.2"))
    releases.switch(NEW, on_trial=True)
    assert releases.begin_judging() == Trial(NEW, OLD, 1)
    releases.accept()
    assert (releases.current(), releases.previous(), releases.trial()) == (NEW, OLD, None)
    assert releases.there() == [OLD, NEW], "two are kept"


def test_a_release_that_fails_is_gone_back_from_and_remembered(tmp_path: Path) -> None:
    releases = serving(tmp_path)
    releases.switch(NEW, on_trial=True)
    assert releases.go_back("crashes") == OLD
    assert (releases.current(), releases.previous(), releases.trial()) == (OLD, None, None)
    assert releases.refused() == Refused(NEW, "crashes")
    with pytest.raises(ReleaseError, match="no release to go back to"):
        releases.go_back("again")
    releases.switch(NEW, on_trial=True)  # mended outside of it: it may try again
    releases.accept()
    assert releases.refused() is None


def test_nothing_is_switched_to_while_another_one_is_on_trial(tmp_path: Path) -> None:
    releases = serving(tmp_path, also=(NEW, "1.2"))
    releases.switch(NEW, on_trial=True)
    with pytest.raises(ReleaseError, match=r"1\.1 is on trial"):
        releases.switch("1.2", on_trial=True)
    assert releases.current() == NEW


@pytest.mark.parametrize("note", [b"", b"{", b'{"version": 1}', b"x" * 5000, b'{"version":"a","more":1}'])
def test_a_damaged_note_is_none_and_in_nobodys_way(tmp_path: Path, note: bytes) -> None:
    releases = serving(tmp_path)
    (tmp_path / HOME / TRIAL).write_bytes(note)
    assert releases.trial() is None
    assert releases.begin_judging() is None
    assert not (tmp_path / HOME / TRIAL).exists(), "or the judge would be started for ever"
    assert releases.switch(NEW, on_trial=True)


def cut_everywhere(root: Path, work: str) -> list[Releases]:
    """``work`` cut off at each of its writes, each time in a tree of its own."""
    found: list[Releases] = []
    for number in range(50):
        tree = root / str(number)
        releases = serving(tree, also=(NEW, "0.9"))
        if work != "switch":
            releases.switch(NEW, on_trial=True)

        def do(checkpoint: Checkpoint, tree: Path = tree) -> None:
            mine = Releases(tree, checkpoint=checkpoint)
            if work == "switch":
                mine.switch(NEW, on_trial=True)
            elif work == "accept":
                mine.accept()
            else:
                mine.go_back("crashes")

        if not kill_at(number, do):
            assert number > 1
            return found
        found.append(Releases(tree))
    raise AssertionError("it never came to its end")


def test_power_cut_at_every_write_of_a_switch(tmp_path: Path) -> None:
    cut = cut_everywhere(tmp_path, "switch")
    assert len(cut) >= 6
    for releases in cut:
        assert releases.current() in (OLD, NEW)
        if releases.current() == NEW:  # the trial goes on
            assert releases.begin_judging() == Trial(NEW, OLD, 1)
            assert releases.go_back("crashes") == OLD
        else:  # never switched to: nothing to judge, and the next try does it
            assert releases.begin_judging() is None
            assert releases.switch(NEW, on_trial=True)
            assert releases.begin_judging() == Trial(NEW, OLD, 1)


def test_whatever_is_judged_has_somebody_who_judges(tmp_path: Path) -> None:
    """The check runs the code of ``previous`` as soon as there is a note."""
    for releases in cut_everywhere(tmp_path, "switch"):
        assert releases.trial() is None or (releases.home / "previous").is_symlink()


def test_a_note_of_a_newer_release_is_understood(tmp_path: Path) -> None:
    releases = serving(tmp_path)
    (tmp_path / HOME / TRIAL).write_text(f'{{"version": "{NEW}", "previous": "{OLD}", "colour": "green"}}')
    assert releases.trial() == Trial(NEW, OLD)
    releases.switch(NEW, on_trial=True)
    note = (tmp_path / HOME / TRIAL).read_text()
    assert note == f'{{"version":"{NEW}","previous":"{OLD}"}}', "as releases before this one read it"


def test_power_cut_at_every_write_of_an_acceptance(tmp_path: Path) -> None:
    for releases in cut_everywhere(tmp_path, "accept"):
        assert (releases.current(), releases.previous()) == (NEW, OLD)
        if releases.begin_judging() is not None:
            releases.accept()
        releases.prune()
        assert releases.there() == [OLD, NEW]
        assert sorted(one.name for one in (releases.home / "releases").iterdir()) == [OLD, NEW]


def test_power_cut_at_every_write_of_going_back(tmp_path: Path) -> None:
    for releases in cut_everywhere(tmp_path, "go_back"):
        if releases.current() == NEW:
            assert releases.begin_judging() is not None, "the trial is not over: it is judged again"
            assert releases.go_back("crashes") == OLD
        assert releases.current() == OLD
        assert releases.begin_judging() is None
        assert releases.refused() == Refused(NEW, "crashes")


def test_a_disk_that_cannot_be_written_is_told_and_the_release_stays(tmp_path: Path) -> None:
    releases = serving(tmp_path)
    temporary_of(tmp_path / HOME / "current").mkdir()  # whatever it is, the link cannot be made
    with pytest.raises(DiskError, match="current: cannot be made"):
        releases.switch(NEW, on_trial=False)
    assert releases.current() == OLD
