"""``check``: everything is found at once, each with its place and cure, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from drivers.ports import DriverUnavailableError, HealthChanged, Reader, ReaderEvent
from drivers.readers import sim
from drivers.registry import Driver
from sync.records import ClockState, DoorPolicy, MappingRule, ModeWindow
from sync.records.settings import DoorMode
from terminal import clock
from terminal.check import load_config
from terminal.check_devices import check_readers
from terminal.check_state import check_clock, check_directories
from terminal.clock import Judged
from terminal.core.situation import Now
from terminal.findings import Verdict
from tests.support.estate import NOW, SETTINGS, content, resident, signed_snapshot
from tests.terminal.cli.conftest import House


def findings(house: House) -> list[tuple[str, str, str]]:
    fields = house.run("check", "--json").json
    return [(one["what"], one["verdict"], one["text"]) for one in fields["findings"]]


def errors(house: House) -> list[str]:
    return [f"{what}: {text}" for what, verdict, text in findings(house) if verdict == "error"]


def test_a_sound_installation_passes_before_its_first_start(house: House) -> None:
    house.give_list()
    said = house.run("check")
    assert (said.code, said.err) == (0, "")
    assert "ok       doors.pedestrian.outputs.lock: line relay1: an output" in said.out
    assert "ok       readers.in: works" in said.out
    assert "ok       list: version 1.1" in said.out
    assert "ok       time zone: Asia/Shanghai" in said.out
    assert "ok       log: none yet" in said.out
    assert "0 errors" in said.out


def test_beside_a_running_gate_devices_are_left_alone(house: House) -> None:
    house.give_list()
    with house.gate():
        found = findings(house)
        assert not [what for what, _, _ in found if "outputs" in what]
        assert ("readers.in", "ok", "works") in found
        assert any(what == "gate" and "holds its lines" in text for what, _, text in found)
        assert house.run("status").code == 0
    assert any(what == "log" and "up to event" in text for what, _, text in findings(house))


def test_a_gate_without_a_list_fails(house: House) -> None:
    (error,) = errors(house)
    assert "every card is refused" in error
    assert "list apply FILE" in error


def test_an_absent_reader_is_named_with_its_cause(house: House) -> None:
    house.give_list()
    house.edit('way = "out"', 'way = "out"\nabsent = true')
    assert errors(house) == [
        "readers.out: simulated reader: set absent in its settings; remove 'absent = true'"
    ]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (replace(SETTINGS, doors=(DoorPolicy(1),)), "doors.侧门: the list does not know door 2"),
        (
            replace(SETTINGS, doors=(DoorPolicy(1), DoorPolicy(2, modes=(ModeWindow(9, DoorMode.FREE),)))),
            "doors.侧门: every card is refused there: the list lacks mode schedule 9",
        ),
    ],
)
def test_a_list_that_does_not_fit_is_told(house: House, settings: Any, says: str) -> None:
    file = house.file("first", signed_snapshot(content([resident(1)], settings)))
    assert house.run("list", "apply", file).code == 0
    assert any(says in one for one in errors(house))


def test_what_only_the_list_has_is_a_warning(house: House) -> None:
    settings = replace(
        SETTINGS, doors=(*SETTINGS.doors, DoorPolicy(3)), mappings=((9, MappingRule(low_bits=24)),)
    )
    file = house.file("first", signed_snapshot(content([resident(1)], settings)))
    assert house.run("list", "apply", file).code == 0
    said = house.run("check")
    assert said.code == 0
    assert "warning  list: has door 3" in said.out
    assert "warning  list: has a rule for reader 9" in said.out


def test_the_list_of_another_gate_is_told(house: House) -> None:
    house.give_list()
    house.edit("id = 7", "id = 8")
    assert any("is of gate 7 of estate" in one for one in errors(house))


def test_a_damaged_list_is_told(house: House) -> None:
    house.give_list()
    (house.state / "sync" / "list-a.db").write_bytes(b"torn" * 2000)
    assert any(one.startswith("list: ") for one in errors(house))


def test_a_damaged_log_is_told(house: House) -> None:
    house.give_list()
    with house.gate():
        pass
    (house.state / "terminal" / "usage.db").unlink()
    assert any("there is no usage log" in one for one in errors(house))


@pytest.mark.parametrize("name", ["terminal", "sync"])
def test_a_missing_directory_is_named_with_its_cure(house: House, name: str) -> None:
    (house.state / name).rmdir()
    assert any(f"state/{name}: No such file or directory; make it" in one for one in errors(house))
    (house.state / name).write_bytes(b"")
    assert any(f"state/{name}: is not a directory" in one for one in errors(house))


def test_a_directory_open_to_others_is_a_warning_and_a_closed_file_an_error(house: House) -> None:
    (house.state / "sync").chmod(0o755)
    (house.state / "sync" / "time-anchor").touch(mode=0o600)
    found = check_directories(load_config(house.config))
    told = {Path(one.what).name: one for one in found}
    assert told["sync"].verdict is Verdict.WARNING
    assert "mode 0755, should be 2770: chmod 2770" in told["sync"].text
    assert told["time-anchor"].verdict is Verdict.ERROR
    assert "the other process cannot use it" in told["time-anchor"].text
    assert told["terminal"].verdict is Verdict.OK


def test_a_private_key_is_private_and_an_open_one_an_error(house: House) -> None:
    key = load_config(house.config).sync_dir / "gate.key"
    key.touch(0o600)
    key.chmod(0o600)
    assert not any("gate.key" in one.what for one in check_directories(load_config(house.config)))
    key.chmod(0o660)
    (found,) = (one for one in check_directories(load_config(house.config)) if "gate.key" in one.what)
    assert (found.verdict, "chmod 600" in found.text) == (Verdict.ERROR, True)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (ClockState.TRUSTED, Verdict.OK),
        (ClockState.SUSPECT, Verdict.WARNING),
        (ClockState.UNKNOWN, Verdict.WARNING),
    ],
)
def test_the_clock_is_judged(state: ClockState, verdict: Verdict) -> None:
    (finding,) = check_clock(Judged(Now(0.0, NOW, NOW, state), 0, 1000 * NOW), "")
    assert finding.verdict is verdict
    assert finding.text.startswith(state.name.lower())
    both = check_clock(Judged(Now(0.0, NOW, NOW, state), 0, 1000 * NOW), "time-anchor: damaged")
    assert both[0].text == "time-anchor: damaged"


class Silent:
    """A reader whose service hangs: it never says a word."""

    def __init__(self, words: list[ReaderEvent] | DriverUnavailableError) -> None:
        self._inner = sim.SimReader(clock.monotonic)
        self._words = words
        self.closed = False

    def fileno(self) -> int:
        return self._inner.fileno()

    def read_events(self) -> list[ReaderEvent]:
        self._inner.read_events()
        if isinstance(self._words, DriverUnavailableError):
            raise self._words
        return self._words

    def last_alive(self) -> float:
        return 0.0

    def close(self) -> None:
        self.closed = True
        self._inner.close()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "said nothing within 0.05 s"),
        ([HealthChanged(ok=False, cause="pulled out; plug it in")], "pulled out; plug it in"),
        (DriverUnavailableError("gone; look at the cable"), "gone; look at the cable"),
    ],
)
def test_a_reader_that_does_not_work_is_waited_for_no_longer_than_the_deadline(
    house: House, words: Any, text: str
) -> None:
    silent = Silent(words)
    working = sim.SimReader(clock.monotonic)
    readers: Iterator[Reader] = iter([working, silent])
    driver: Driver[Reader] = Driver("sim", sim.Settings, lambda _settings, _clock: next(readers))
    config = load_config(house.config)
    first, second = check_readers(config, clock.monotonic, within_s=0.05, find=lambda _kind: driver)
    assert (first.verdict, second.verdict) == (Verdict.OK, Verdict.ERROR)
    assert second.text == text
    assert silent.closed
