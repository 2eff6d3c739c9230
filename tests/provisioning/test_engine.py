"""All steps on a machine's tree: twice changes nothing, taken back all is as before, no power cut hurts."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

import pytest

from provisioning import engine
from provisioning.engine import StepFailedError
from provisioning.errors import JournalError, RefusedError
from provisioning.items import File
from provisioning.step import Condition
from provisioning.steps.order import set_up
from terminal.stores.files import Checkpoint, pass_by
from tests.support.machine import CONFIG, copy_machine, make_machine, snapshot, visit_to
from tests.support.nobody import as_nobody
from tests.support.processes import kill_at
from tests.support.set_up_visit import apply, without_journal

STATE = ("/var/lib/gatehouse/terminal", "/var/lib/gatehouse/sync")


def take_back(root: Path, *, purge: bool = True, checkpoint: Checkpoint = pass_by) -> list[str]:
    """One visit that takes everything back, without any configuration at hand."""
    visit = visit_to(root, config="", checkpoint=checkpoint)
    try:
        stays = engine.undo(visit, set_up(), purge=purge)
        if purge:
            visit.journal.remove()
        return stays
    finally:
        visit.journal.close()


def test_a_plan_tells_all_and_touches_nothing(machine: Path) -> None:
    before = snapshot(machine)
    results = engine.plan(visit_to(machine), set_up())
    assert {one.state.condition for one in results} == {Condition.TO_DO, Condition.NOT_NEEDED}
    assert [one.step for one in results if one.state.condition is Condition.NOT_NEEDED] == [
        "read-only-root",
        "service",
    ]
    assert snapshot(machine) == before


def test_the_second_time_changes_nothing(machine: Path) -> None:
    first = apply(machine)
    after = snapshot(machine)
    second = apply(machine)
    assert snapshot(machine) == after
    assert {one.state.reason for one in first} >= {"done now"}
    assert "done now" not in {one.state.reason for one in second}
    assert all(one.state.at_rest for one in engine.verify(visit_to(machine), set_up()))


def test_everything_is_taken_back_byte_for_byte(machine: Path) -> None:
    before = snapshot(machine)
    apply(machine)
    assert take_back(machine) == []
    assert snapshot(machine) == before


def test_the_state_stays_unless_it_is_purged(machine: Path) -> None:
    before = snapshot(machine)
    apply(machine)
    (machine / STATE[0][1:] / "log.db").write_text("events")
    assert take_back(machine, purge=False) == []
    there = snapshot(machine)
    assert "/var/lib/gatehouse/terminal/log.db" in there
    assert "/etc/systemd/system/gate-terminal.service" not in there
    assert "gatehouse-terminal" in (machine / "etc/passwd").read_text()
    assert take_back(machine) == []
    assert snapshot(machine) == before


def test_an_upgrade_of_a_file_is_taken_back_to_what_was_there_first(machine: Path) -> None:
    before = snapshot(machine)
    apply(machine)
    apply(machine, config=CONFIG.replace("North", "South"))
    assert b"South" in (machine / "etc/gatehouse/gate.toml").read_bytes()
    take_back(machine)
    assert snapshot(machine) == before


def test_what_a_new_configuration_no_longer_needs_is_put_back(machine: Path) -> None:
    cmdline = (machine / "boot/firmware/cmdline.txt").read_bytes()
    apply(machine)
    assert b"serial0" not in (machine / "boot/firmware/cmdline.txt").read_bytes()
    apply(machine, config=CONFIG.replace("/dev/serial0", "/dev/ttyUSB0"))
    assert (machine / "boot/firmware/cmdline.txt").read_bytes() == cmdline
    assert not list((machine / "etc/systemd/system").glob("serial-getty@*"))
    assert "gpio=17=op,dl,pd" in (machine / "boot/firmware/config.txt").read_text()


@pytest.fixture
def images(machine: Path, place: Path) -> list[Path]:
    """The machine as a power cut would leave it at every single write of ``apply``."""
    taken: list[Path] = []

    def checkpoint(_step: str) -> None:
        taken.append(copy_machine(machine, place / f"cut-{len(taken)}"))

    apply(machine, checkpoint)
    assert len(taken) > 100
    return taken


def test_a_power_cut_at_any_write_is_continued(images: list[Path], machine: Path) -> None:
    whole = without_journal(snapshot(machine))
    for image in images:
        apply(image)
        assert without_journal(snapshot(image)) == whole, image.name
        assert not visit_to(image).journal.record.unfinished


def test_a_power_cut_at_any_write_is_taken_back(images: list[Path], machine: Path) -> None:
    take_back(machine)
    untouched = snapshot(machine)
    for image in images:
        take_back(image)
        assert snapshot(image) == untouched, image.name


def test_a_power_cut_while_taking_back_is_taken_back_further(machine: Path, place: Path) -> None:
    untouched = snapshot(machine)
    apply(machine)
    taken: list[Path] = []
    take_back(machine, checkpoint=lambda _step: taken.append(copy_machine(machine, place / f"{len(taken)}")))
    assert len(taken) > 50
    for image in taken:
        take_back(image)
        assert snapshot(image) == untouched, image.name


def test_a_killed_visit_leaves_no_lock(machine: Path, place: Path) -> None:
    whole = copy_machine(machine, place / "whole")
    apply(whole)
    assert kill_at(30, lambda checkpoint: void(apply(machine, checkpoint)))
    apply(machine)
    assert without_journal(snapshot(machine)) == without_journal(snapshot(whole))


def test_two_visits_at_a_time_are_refused(machine: Path) -> None:
    first = visit_to(machine)
    first.journal.open()
    with pytest.raises(JournalError, match="another gatehouse-provision works"):
        apply(machine)
    first.journal.close()
    apply(machine)


def test_a_step_that_cannot_be_done_leaves_everything_untouched(machine: Path) -> None:
    (machine / "boot/firmware/config.txt").unlink()
    (machine / "etc/group").write_text("root:x:0:\n")
    before = snapshot(machine)
    with pytest.raises(RefusedError) as caught:
        apply(machine)
    assert [reason.partition(":")[0] for reason in caught.value.reasons] == ["accounts", "boot"]
    assert "lacks the group dialout, input" in caught.value.reasons[0]
    assert "mount the boot partition" in caught.value.reasons[1]
    assert snapshot(machine) == before


def test_a_step_that_stops_names_the_cure_and_goes_on_later(machine: Path, place: Path) -> None:
    whole = copy_machine(machine, place / "whole")
    apply(whole)
    obstacle = machine / "etc/udev/rules.d/70-gatehouse.rules"
    obstacle.mkdir(parents=True)
    with pytest.raises(StepFailedError, match="is a directory where a file must be; move it away") as caught:
        apply(machine)
    assert caught.value.step == "devices"
    assert visit_to(machine).journal.record.unfinished == ("devices",)
    obstacle.rmdir()
    apply(machine)
    assert without_journal(snapshot(machine)) == without_journal(snapshot(whole))


def test_a_disk_that_takes_no_more_stops_with_its_cure_and_goes_on_later(machine: Path, place: Path) -> None:
    whole = copy_machine(machine, place / "whole")
    apply(whole)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            apply(machine)
        except StepFailedError as error:
            os._exit(0 if "the size of files is limited" in str(error) else 2)
        except BaseException:  # noqa: BLE001  # a forked child must never return into pytest
            os._exit(3)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    left = [path for path in snapshot(machine) if path.endswith(".gatehouse-new")]
    assert left == []
    apply(machine)
    assert without_journal(snapshot(machine)) == without_journal(snapshot(whole))


def test_without_its_folder_a_deleted_tree_is_told(machine: Path) -> None:
    apply(machine)
    shutil.rmtree(machine / "boot/firmware")
    with pytest.raises(StepFailedError, match="its directory is gone"):
        take_back(machine)


def void(_anything: object) -> None:
    """For callers that want nothing back."""


def test_a_tree_is_set_up_and_taken_back_without_rights(place: Path) -> None:
    place.chmod(0o777)
    with as_nobody():
        machine = make_machine(place / "theirs")
        before = snapshot(machine)
        apply(machine)
        after = snapshot(machine)
        apply(machine)
        assert snapshot(machine) == after
        assert take_back(machine) == []
        assert snapshot(machine) == before


def test_what_a_step_of_another_release_changed_is_taken_back_too(machine: Path) -> None:
    before = snapshot(machine)
    visit = visit_to(machine)
    visit.journal.open()
    visit.journal.begin("of-yesterday")
    visit.tree.put("of-yesterday", [File("/etc/of-yesterday", b"old")])
    visit.journal.finish("of-yesterday")
    visit.journal.close()
    apply(machine)
    assert take_back(machine) == []
    assert snapshot(machine) == before
