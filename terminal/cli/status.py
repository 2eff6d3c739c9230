"""Show the state of the running gate: doors, readers, list, clock, log."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from terminal.cli._answer import EXIT_NO, Answer, Fields, add_config, answer
from terminal.cli._connection import Connection, NoGateError
from terminal.cli._enrolment import enrolment_fields, enrolment_lines
from terminal.cli._words import utc_text
from terminal.config import Config
from terminal.counts import count_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the gate; 1 when none runs."""
    return answer(arguments, _ask)


def _ask(config: Config) -> Answer:
    try:
        with Connection(config.control_socket) as gate:
            fields = gate.ask({"command": "status"})
        fields |= enrolment_fields(config, fields)
    except NoGateError as error:
        text = f"{error}\nstart it: gatehouse-terminal gate --config {config.path}"
        return Answer({"running": False, "error": str(error)}, text, EXIT_NO)
    return Answer({"running": True, **fields}, "\n".join(_lines(fields)))


def _lines(fields: Fields) -> Iterator[str]:
    yield f"{fields['gate']}: {fields['status']}"
    yield f"clock   {_clock(fields['clock'])}"
    yield f"list    {_list(fields['list'])}"
    yield from enrolment_lines(fields)
    yield f"log     {_log(fields['log'])}"
    if fields["maintenance"]["open"]:
        yield f"visit   maintenance mode for another {fields['maintenance']['left_s'] / 60:.0f} min"
    for name, door in fields["doors"].items():
        yield f"door    {name}: {', '.join(_door(door))}"
    yield f"lines   {fields['gpio']['backend']}: {_health(fields['gpio'])}"
    for name, reader in fields["readers"].items():
        supply = reader["supply"]
        cut = (
            f", its supply was cut {count_of(supply['times'], 'time')}" if supply and supply["times"] else ""
        )
        yield f"reader  {name}: {_health(reader)}{cut}"
    for name, active in fields["inputs"].items():
        yield f"input   {name}: {'active' if active else 'quiet'}"


def _health(device: Fields) -> str:
    return f"{'works' if device['ok'] else device['cause']} (for {device['for_s']:g} s)"


def _clock(clock: Fields) -> str:
    now = "no time" if clock["utc"] is None else utc_text(clock["utc"])
    return f"{clock['state']}: {now}, certainly not before {utc_text(clock['floor'])}"


def _list(listed: Fields | None) -> str:
    if listed is None:
        return "none that can be used: every card is refused; load one: gatehouse-terminal list apply FILE"
    age = "" if listed["age_s"] is None else f", {listed['age_s'] / 86_400:.1f} days old"
    stands_in = ", stands in for a damaged newer one" if listed["stands_in"] else ""
    fault = f"; {listed['fault']}" if listed["fault"] else ""
    return f"{listed['version']}, issued {utc_text(listed['issued_at'])}{age}{stands_in}{fault}"


def _log(log: Fields) -> str:
    if not log["running"]:
        return f"not written: {log['last_error']}; {log['lost']} events lost"
    lost = f", {log['lost']} events lost" if log["lost"] else ""
    error = f", last error: {log['last_error']}" if log["last_error"] else ""
    return f"written, {log['backlog']} waiting, last commit {log['commit_ms']:g} ms{lost}{error}"


def _door(door: Fields) -> Iterator[str]:
    yield str(door["state"])
    yield f"mode {door['mode']} ({door['mode_cause']})"
    if door["contact"] is not None:
        yield f"contact {door['contact']}"
    if door["fire"]:
        yield "FIRE"
    if door["alarm"] != "none":
        yield f"ALARM {door['alarm']}"
    if door["waits_for_companion"]:
        yield "waits for a second card"
