"""`python -m scripts.demonstration`: office and gates to play with, or a story that proves itself."""

from __future__ import annotations

import argparse
import select
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from drivers.ports import DriverUnavailableError
from office.errors import OfficeError
from scripts.demonstration.attachments import KINDS, SIMULATED
from scripts.demonstration.console import play_with
from scripts.demonstration.estate import FOR_A_PERSON, FOR_THE_STORY
from scripts.demonstration.gate_client import GateGoneError
from scripts.demonstration.gate_process import GateStartError
from scripts.demonstration.office_story import OfficeStory
from scripts.demonstration.player import Player
from scripts.demonstration.stage import Stage, open_stage
from scripts.demonstration.story import STORY, story_of_readers
from scripts.demonstration.telling import Chapter
from scripts.demonstration.two_gates import BAUD, OfficeRefusedError, open_two_gates
from scripts.demonstration.whole.browser import Browser
from scripts.demonstration.whole.gates import open_gates
from scripts.demonstration.whole.opening import Plan, open_whole
from scripts.demonstration.whole.show import ENDS, HOUSEHOLDS, ListsLateError, show
from scripts.demonstration.whole.story import DeskStory
from terminal import clock
from terminal.config import ConfigError

TIME_LIMIT_S: Final = 240.0
"""For all parts and their clearing up, which take about 80 s: nothing hangs for longer."""
STORY_HOUSEHOLDS: Final = 20
"""Their list takes a few seconds at 9600 baud."""
EXIT_SIGNAL: Final = 128
"""A shell's exit code for a process that a signal ended, plus the signal's number."""


class TimeLimitError(Exception):
    """The story took too long."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0 unless something came out otherwise than told."""
    options = _parser().parse_args(arguments)
    for number in ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as for a shell's job in the background
            signal.signal(number, _end)
    is_console = options.console or options.reader is not None
    if is_console and not options.once and not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("this is for a terminal; without one: scripts/run --once", file=sys.stderr)
        return 2
    try:
        with ExitStack() as clearing:
            directory = options.state or Path(
                clearing.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-"))
            )
            if options.once:
                return _tell_all(directory, clearing, options.reader)
            if not is_console:
                return _ended(show(directory, options.households, _say))
            return play_with(
                clearing.enter_context(open_stage(directory, FOR_A_PERSON, reader=options.reader))
            )
    except (
        DriverUnavailableError,
        OfficeError,
        OfficeRefusedError,
        ConfigError,
        GateStartError,
        GateGoneError,
        ListsLateError,
        TimeLimitError,
    ) as error:
        print(f"demonstration: {error}", file=sys.stderr)
        return 1


def _tell_all(directory: Path, clearing: ExitStack, reader: str | None) -> int:
    """The fixed story: a gate, its readers, an office with gates, the desk; 0 if all came out as told."""
    clearing.enter_context(_time_limit(TIME_LIMIT_S))
    stage = clearing.enter_context(open_stage(directory, FOR_THE_STORY, reader=reader))
    return (
        tell(stage, STORY, _say)
        or tell_of_the_readers(directory / "readers", _say)
        or tell_of_the_office(directory / "office", _say)
        or tell_of_the_desk(directory / "whole", _say)
    )


def tell(stage: Stage, chapters: Sequence[Chapter], say: Callable[[str], None]) -> int:
    """Play a story to its end; 0 only if it came out as told."""
    say(f"Pedestrian reader: {stage.reader.told}.")
    as_told = Player(stage.world, stage.names, say, clock.monotonic).play(chapters)
    return _verdict("Everything", say, as_told=as_told)


def tell_of_the_readers(directory: Path, say: Callable[[str], None]) -> int:
    """Play the second part, a gate with a reader of each kind; 0 only if it came out as told."""
    say("\nThe second part: a gate with a reader of each kind, each tapped once.")
    with open_stage(directory, FOR_THE_STORY, reader=SIMULATED, more=KINDS) as stage:
        for kind, cause in stage.missing.items():
            say(f"Not attached here: {kind} ({cause}).")
        chapters = story_of_readers({name: one.told for name, one in stage.more.items()})
        as_told = Player(stage.world, stage.names, say, clock.monotonic).play(chapters)
    return _verdict("The second part", say, as_told=as_told)


def tell_of_the_office(directory: Path, say: Callable[[str], None]) -> int:
    """Play the third part, an office and two gates; 0 only if it came out as told."""
    say("\nThe third part: an office's hub and two gates.")
    with open_two_gates(directory) as office:
        as_told = OfficeStory(office, say, _wait).play()
    return _verdict("The third part", say, as_told=as_told)


def tell_of_the_desk(directory: Path, say: Callable[[str], None]) -> int:
    """Play the fourth part, an office with its desk and two gates; 0 only if it came out as told."""
    say("\nThe fourth part: an office with its desk, and two gates.")
    with (
        open_whole(directory, Plan(STORY_HOUSEHOLDS, BAUD, FOR_THE_STORY)) as stage,
        open_gates(stage.estates, stage.links) as gates,
    ):
        as_told = DeskStory(stage.office, gates, Browser(stage.desk), say, _wait).play()
    return _verdict("The fourth part", say, as_told=as_told)


def _ended(by: int) -> int:
    return EXIT_SIGNAL + by if by else 0


def _verdict(part: str, say: Callable[[str], None], *, as_told: bool) -> int:
    say(f"\n{part} came out as told." if as_told else "\nNOT as told: see FAILED above.")
    return 0 if as_told else 1


def _wait(seconds: float) -> None:
    select.select([], [], [], seconds)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupts whatever runs after so long, also a call that hangs; raises ``TimeLimitError``."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _say(line: str) -> None:
    print(line, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    for one in ENDS:  # an impatient second one: keys and processes would stay
        signal.signal(one, signal.SIG_IGN)
    sys.exit(EXIT_SIGNAL + number)  # so that everything started is ended on the way out


def _too_long(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise TimeLimitError(f"the story did not end within {TIME_LIMIT_S:g} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/run", description="An office and two gates, with doors and cards."
    )
    parser.add_argument(
        "--once", action="store_true", help="play a fixed story; 0 only if it comes out as told"
    )
    parser.add_argument(
        "--console", action="store_true", help="one gate in the terminal, with doors and cards, no office"
    )
    parser.add_argument(
        "--households",
        type=int,
        default=HOUSEHOLDS,
        metavar="N",
        help=f"how large the office's estate is (default: {HOUSEHOLDS})",
    )
    parser.add_argument("--state", type=Path, help="keep everything in this new or empty directory")
    parser.add_argument(
        "--reader",
        choices=(SIMULATED, *KINDS),
        metavar="KIND",
        help=f"what the pedestrian reader is: {', '.join((SIMULATED, *KINDS))}; "
        "if not said, pcsc, or sim where that cannot be had",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
