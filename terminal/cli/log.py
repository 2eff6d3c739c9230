"""Show usage events, oldest first; --follow goes on with each new one as it is stored."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

from sync.events import Event
from terminal import clock
from terminal.check import load_config
from terminal.cli._answer import (
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    Answer,
    CommandFailedError,
    Fields,
    add_config,
    as_json,
    say,
    write,
)
from terminal.cli._connection import Connection, NoGateError
from terminal.cli._gate_time import time_keeper
from terminal.config import Config
from terminal.event_view import event_fields, event_line
from terminal.stores.usage_reader import UsageReader
from terminal.stores.usage_rows import MAX_PAGE, Erased, StoredEvent, Unreadable

NEWEST: Final = 50
"""How many are shown when nothing is asked for."""
_AGO: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this command."""
    parser.add_argument(
        "--since", metavar="WHEN", help="ISO 8601 time (UTC unless it says more), or 2h, 1d …"
    )
    parser.add_argument(
        "--limit", type=_count, metavar="N", help=f"the newest N only ({NEWEST} without --since)"
    )
    parser.add_argument("--follow", action="store_true", help="go on with new events until the gate ends")
    add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print events; ``--follow --json`` prints one object a line, ``--json`` alone one in all."""

    def work() -> Answer:
        config = load_config(arguments.config)
        since_ms = None if arguments.since is None else since(arguments.since, _wall_ms(config))
        limit = arguments.limit or (NEWEST if since_ms is None else None)
        if arguments.follow:
            return _follow(config, since_ms, limit, as_lines=arguments.json)
        with UsageReader(config.terminal_dir) as log:
            shown = [fields(one) for one in newest(log, since_ms, limit)]
        return Answer({"events": shown}, "\n".join(map(line, shown)))

    return say(arguments, work)


def since(text: str, now_ms: int | None) -> int:
    """UTC milliseconds of ``2h``, ``1d`` … before now, or of an ISO 8601 time.

    Raises:
        CommandFailedError: it is neither, or "before now" has no meaning without a clock.
    """
    if ago := _AGO.fullmatch(text):
        if now_ms is None:
            raise CommandFailedError(
                "--since: the gate's clock is unknown; name a time instead, or use --limit", EXIT_USAGE
            )
        return now_ms - 1000 * int(ago[1]) * _UNIT_S[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CommandFailedError(
            f"--since: {text!r} is neither a time like 2026-11-23T08:00 nor a span like 2h", EXIT_USAGE
        ) from None


def newest(log: UsageReader, since_ms: int | None, limit: int | None) -> list[StoredEvent]:
    """The newest ``limit`` events since ``since_ms``, oldest first.

    Read backwards, so that the length of the log does not matter. A clock may have
    stepped, so the search ends only with a whole page of earlier events.
    """
    head = log.head()
    end, first = head.last.number, head.header.anchor.number
    pages: list[list[StoredEvent]] = []
    wanted = limit if since_ms is None else None
    while end > first and (wanted is None or wanted > 0):
        start = max(first, end - MAX_PAGE)
        page = [one for one in log.read_after(start, MAX_PAGE) if one.number <= end]
        if since_ms is not None and _all_before(page, since_ms):
            break
        pages.append(page)
        wanted = None if wanted is None else wanted - len(page)
        end = start
    events = [one for page in reversed(pages) for one in page]
    if since_ms is not None:
        events = list(_since(events, since_ms))
    return events if limit is None else events[-limit:]


def fields(stored: StoredEvent) -> Fields:
    """One row as JSON can carry it."""
    match stored.content:
        case Event() as event:
            return event_fields(stored.number, event)
        case Erased():
            return {"number": stored.number, "kind": "erased"}
        case Unreadable(why=why):
            return {"number": stored.number, "kind": "unreadable", "why": why}


def line(shown: Fields) -> str:
    """One row for a person."""
    if "boottime_ms" in shown:
        return event_line(shown)
    return "  ".join([f"{shown['number']:>6}", str(shown["kind"]), str(shown.get("why", ""))]).rstrip()


def _follow(config: Config, since_ms: int | None, limit: int | None, *, as_lines: bool) -> Answer:
    def show(events: list[StoredEvent]) -> None:
        for one in events:
            write(as_json(fields(one)) if as_lines else line(fields(one)))

    with ExitStack() as stack:
        try:
            gate = stack.enter_context(Connection(config.control_socket))
            gate.ask({"command": "follow"})
        except NoGateError as error:
            raise CommandFailedError(
                f"{error}; nothing new can come: leave out --follow", EXIT_UNAVAILABLE
            ) from error
        log = stack.enter_context(UsageReader(config.terminal_dir))
        last = log.head().last.number
        events = newest(log, since_ms, limit)
        show(events)
        last = max([last, *(one.number for one in events[-1:])])
        try:
            for _ in gate.wake_ups():
                for page in _pages_after(log, last):
                    show(page)
                    last = page[-1].number
        except KeyboardInterrupt:
            return Answer(None, "")
    print("the gate has ended", file=sys.stderr)
    return Answer(None, "")


def _pages_after(log: UsageReader, number: int) -> Iterator[list[StoredEvent]]:
    while page := list(log.read_after(number, MAX_PAGE)):
        yield page
        number = page[-1].number


def _since(events: list[StoredEvent], since_ms: int) -> Iterator[StoredEvent]:
    """An event without a time counts as the one before it."""
    begun = False
    for one in events:
        wall_ms = _wall(one)
        begun = begun if wall_ms is None else wall_ms >= since_ms
        if begun:
            yield one


def _all_before(page: list[StoredEvent], since_ms: int) -> bool:
    times = [wall_ms for one in page if (wall_ms := _wall(one)) is not None]
    return bool(times) and max(times) < since_ms


def _wall(stored: StoredEvent) -> int | None:
    return stored.content.wall_ms if isinstance(stored.content, Event) else None


def _wall_ms(config: Config) -> int | None:
    keeper, _ = time_keeper(config)
    return keeper.judge(clock.read()).wall_ms


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_PAGE * MAX_PAGE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_PAGE * MAX_PAGE}")
    return int(text)
