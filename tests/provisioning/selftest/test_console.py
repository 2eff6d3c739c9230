"""The person at a terminal: numbers, words, nonsense, and nobody."""

from __future__ import annotations

import errno
import io
import os
import signal

import pytest

from provisioning.selftest.console import MAX_ANSWER, MOST_TRIES, Console, TypedLines
from provisioning.selftest.person import (
    AGAIN,
    CAME_FREE,
    LOCKED,
    NOTHING,
    Asked,
    Deed,
    Question,
    SelfTestError,
)
from provisioning.signals import kept_signals

CLICK = Question(Asked.CLICK, "main", "What did it do?", (CAME_FREE, LOCKED, NOTHING, AGAIN))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1\n", CAME_FREE),
        (" 3 \n", NOTHING),
        ("4\n", AGAIN),
        ("c\n", CAME_FREE),
        ("BECAME\n", LOCKED),
        ("nothing", NOTHING),
        ("0\n5\n\nmaybe\n-1\n²\n2\n", LOCKED),
        ("x" * 1_000 + "\n2\n", LOCKED),
    ],
)
def test_answers(typed: str, answer: str) -> None:
    out = io.StringIO()
    assert Console(io.StringIO(typed), out).ask(CLICK) == answer
    assert "1 came free   2 became locked   3 nothing   4 again" in out.getvalue()


@pytest.mark.parametrize("typed", ["", "?\n", "?\n" * (MOST_TRIES + 5)])
def test_nobody_who_can_answer_ends_the_test(typed: str) -> None:
    with pytest.raises(SelfTestError, match="nobody answers|no answer"):
        Console(io.StringIO(typed), io.StringIO()).ask(CLICK)


def test_a_deed_is_asked_for_in_words() -> None:
    out = io.StringIO()
    Console(io.StringIO(), out).please(Deed.PRESS_EXIT, "main")
    assert "main: please press the exit button, and hold it now" in out.getvalue()


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        (b"", [""]),
        (b"1\nno\n", ["1\n", "no\n", ""]),
        (b"first\nlast", ["first\n", "last", ""]),
        (b"x" * 250 + b"\n2\n", ["x" * 200, "x" * 50 + "\n", "2\n", ""]),
        ("é\n".encode(), ["é\n", ""]),
    ],
)
def test_lines_that_come_at_once_are_read_one_by_one(typed: bytes, lines: list[str]) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as file, kept_signals() as signals:
        os.write(write_end, typed)
        os.close(write_end)
        answers = TypedLines(file, signals.wait)
        assert [answers.readline(MAX_ANSWER) for _ in lines] == lines


def test_a_signal_ends_the_wait_for_an_answer() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as file, os.fdopen(write_end, "w"), kept_signals() as signals:
        signal.raise_signal(signal.SIGHUP)
        with pytest.raises(KeyboardInterrupt):
            Console(TypedLines(file, signals.wait), io.StringIO()).ask(CLICK)


def test_a_terminal_that_was_lost_answers_nothing() -> None:
    class Lost:
        def readline(self, _limit: int, /) -> str:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(SelfTestError, match="the terminal was lost"):
        Console(Lost(), io.StringIO()).ask(CLICK)
