"""``list verify``: every page, row and digest of the lists on disk; ``--repair`` uses the sound one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing

from msgspec import Struct, field

from terminal.cli._answer import EXIT_DAMAGED, EXIT_NO, Answer, Fields, answer
from terminal.cli._list_file import tell_gate
from terminal.config import Config
from terminal.counts import count_of
from terminal.stores.database import DamagedError
from terminal.stores.list_store import ListStore
from terminal.stores.list_verify import DirectoryReport, SideReport, verify_lists


class _Repair(Struct):
    """What ``--repair`` did."""

    done: list[str] = field(default_factory=list)
    told: Fields = field(default_factory=dict)


def run(arguments: argparse.Namespace) -> int:
    """Verify; 0 sound, 1 no list at all, 3 damaged."""
    return answer(arguments, lambda config: _verify(config, repair=arguments.repair))


def _verify(config: Config, *, repair: bool) -> Answer:
    report = verify_lists(config.sync_dir)
    repaired = _Repair()
    if repair and not report.sound and (report.sides or report.problems):
        repaired = _repair(config, report)
        report = verify_lists(config.sync_dir)
    code = 0 if report.sound else EXIT_DAMAGED if _has_damage(report) else EXIT_NO
    fields = {
        "lists": [_fields(one) for one in report.sides],
        "problems": list(report.problems),
        "repaired": repaired.done,
        **repaired.told,
    }
    return Answer(fields, "\n".join(_lines(report, repaired, repair=repair)), code)


def _repair(config: Config, before: DirectoryReport) -> _Repair:
    """Only ever switches to a list that was read whole and found sound."""
    with closing(ListStore(config.sync_dir, estate_id=config.estate_id, gate_id=config.gate.id)) as store:
        done = list(store.faults)  # opening has dealt with a damaged pointer or head
        now = verify_lists(config.sync_dir)
        active = next((one for one in now.sides if one.in_force), None)
        sound = any(not one.in_force and one.version is not None and not one.problems for one in now.sides)
        if active is not None and active.problems and sound:
            store.recover(DamagedError(f"{active.side.file_name}: {active.problems[0]}"))
            done.append(store.faults[-1])
    if not done and now == before:
        return _Repair()
    return _Repair(done, tell_gate(config))


def _has_damage(report: DirectoryReport) -> bool:
    return bool(report.problems) or any(one.problems for one in report.sides)


def _fields(side: SideReport) -> Fields:
    return {
        "file": side.side.file_name,
        "in_force": side.in_force,
        "version": None if side.version is None else str(side.version),
        "records": side.records,
        "problems": list(side.problems),
    }


def _lines(report: DirectoryReport, repaired: _Repair, *, repair: bool) -> Iterator[str]:
    for one in repaired.done:
        yield f"set aside: {one}"
    if not report.sides and not report.problems:
        yield "there is no list; load one: gatehouse-terminal list apply FILE"
    for side in report.sides:
        place = "in force" if side.in_force else "previous"
        version = (
            "no list" if side.version is None else f"list {side.version}, {count_of(side.records, 'record')}"
        )
        state = "damaged" if side.problems else "sound"
        yield f"{side.side.file_name}  {place}: {version}, {state}"
        yield from (f"    {one}" for one in side.problems)
    yield from report.problems
    if _has_damage(report):
        yield _cure(report, repair=repair)


def _cure(report: DirectoryReport, *, repair: bool) -> str:
    sound = any(one.version is not None and not one.problems for one in report.sides)
    in_force_is_sound = any(
        one.in_force and one.version is not None and not one.problems for one in report.sides
    )
    if in_force_is_sound and not report.problems:
        return "the list in force is sound; the next whole list replaces the damaged one"
    if sound and not repair:
        return "switch to the sound list: gatehouse-terminal list verify --repair; then apply a whole list"
    return "apply a whole list from the office: gatehouse-terminal list apply FILE"
