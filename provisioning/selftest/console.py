"""The person at a terminal: questions with numbered answers, read from the input line by line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TextIO

from provisioning.selftest.person import Deed, Question, SelfTestError

MOST_TRIES: Final = 20
"""A program that answers nonsense at the other end must not be asked for ever."""
MAX_ANSWER: Final = 200


class Answers(Protocol):
    """Where answers are read."""

    def readline(self, limit: int, /) -> str:
        """The next line, or so much of it; empty at the end. Raises ``OSError``."""


class TypedLines:
    """`Answers` from a terminal or a pipe, waited for by a function that a signal wakes."""

    def __init__(self, file: TextIO, wait: Callable[[Sequence[int], float | None], None]) -> None:
        self._file = file
        self._wait = wait
        self._rest = b""

    def readline(self, limit: int, /) -> str:
        """See `Answers`."""
        handle = self._file.fileno()
        while b"\n" not in self._rest[:limit] and len(self._rest) < limit:
            self._wait([handle], None)
            more = os.read(handle, limit)
            if not more:
                break
            self._rest += more
        end = min(limit, self._rest.find(b"\n") + 1 or limit)
        line, self._rest = self._rest[:end], self._rest[end:]
        return line.decode("utf-8", "replace")


class Console:
    """`provisioning.selftest.person.Person` at a terminal."""

    def __init__(self, answers: Answers, out: TextIO) -> None:
        self._answers = answers
        self._out = out

    def ask(self, question: Question) -> str:
        """One of the answers, by its number or its word.

        Raises:
            SelfTestError: nobody is there any more.
        """
        choices = "   ".join(f"{number} {one}" for number, one in enumerate(question.answers, 1))
        for _ in range(MOST_TRIES):
            print(f"\n{question.text}\n  {choices}\n> ", end="", file=self._out, flush=True)
            try:
                line = self._answers.readline(MAX_ANSWER)
            except OSError as error:
                raise SelfTestError(f"nobody answers: the terminal was lost ({error})") from error
            if not line:
                raise SelfTestError("nobody answers: the terminal was closed")
            answer = _meant(line.strip().lower(), question.answers)
            if answer is not None:
                return answer
            self.say(f"Answer by a number from 1 to {len(question.answers)}.")
        raise SelfTestError(f"no answer to be understood in {MOST_TRIES} tries; begin again")

    def please(self, deed: Deed, subject: str) -> None:
        """Ask for a deed; whether it is done shows at the line."""
        print(f"\n{subject}: please {deed.value} now …", file=self._out, flush=True)

    def say(self, text: str) -> None:
        """Tell how it goes."""
        print(text, file=self._out, flush=True)


def _meant(line: str, answers: tuple[str, ...]) -> str | None:
    if line.isdecimal() and line.isascii() and 1 <= int(line) <= len(answers):
        return answers[int(line) - 1]
    begun = [one for one in answers if line and one.startswith(line)]
    return begun[0] if len(begun) == 1 else None
