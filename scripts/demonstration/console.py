"""The demonstration on a terminal: keys in, the screen out, nothing but ANSI sequences (ECMA-48)."""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from scripts.demonstration.event_text import event_text
from scripts.demonstration.keys import HELP, QUIT, Keyboard
from scripts.demonstration.screen import Line, Style, View, draw
from scripts.demonstration.stage import Stage

REDRAW_EVERY_S: Final = 0.2
"""Lamps move without an event."""
MAX_EVENTS: Final = 200
_ESCAPE: Final = "\x1b"
_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""The other screen, no cursor, no wrapping."""
_LEAVE: Final = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_STYLES: Final = {Style.PLAIN: "\x1b[0m", Style.BAR: "\x1b[0;7m", Style.ALARM: "\x1b[0;1;31m"}


def play_with(stage: Stage) -> int:
    """Let a person play until they quit."""
    with _raw_terminal():
        Console(stage).run()
    return 0


class Console:
    """One person at one terminal."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._keyboard = Keyboard(stage.world)
        self._events: deque[str] = deque(maxlen=MAX_EVENTS)
        self._message = f"{stage.reader.told[:1].upper()}{stage.reader.told[1:]}."
        self._complaint = ""
        self._shown: list[Line] = []

    def run(self) -> None:
        """Power the gate, then serve keys and events until the person quits."""
        self._stage.world.power_on()
        while True:
            self._take_events()
            self._stage.world.on_time()
            self._paint()
            self._wait()
            for key in _keys():
                if key == QUIT:
                    return
                self._message = self._keyboard.press(key)

    def _take_events(self) -> None:
        gate = self._stage.world.gate
        was_on = gate.is_on
        self._events += [event_text(one, self._stage.names) for one in gate.take_events()]
        if was_on and not gate.is_on:
            self._message = "The gate has ended by itself; x starts it again."
        complaint = "" if self._stage.reader.hand is None else self._stage.reader.hand.complaint
        if complaint and complaint != self._complaint:
            self._message = f"Pedestrian reader: {complaint}."
        self._complaint = complaint

    def _paint(self) -> None:
        width, height = shutil.get_terminal_size()
        view = View(
            gate=self._stage.names.gate,
            zone=self._stage.names.zone,
            status=self._stage.world.gate.status(),
            reader_kind=self._stage.reader.kind,
            at=self._keyboard.reader,
            events=tuple(self._events),
            keys=HELP,
            message=self._message,
        )
        lines = draw(view, width, height)
        if lines != self._shown:
            self._shown = lines
            sys.stdout.write(_painted(lines))
            sys.stdout.flush()

    def _wait(self) -> None:
        """Until a key, an event, or the next thing that is due."""
        world = self._stage.world
        events = world.gate.fileno()
        wait_s = REDRAW_EVERY_S if world.next_wait_s is None else min(REDRAW_EVERY_S, world.next_wait_s)
        select.select([sys.stdin.fileno(), *([] if events is None else [events])], [], [], wait_s)


def _painted(lines: Sequence[Line]) -> str:
    return "\x1b[H" + "\r\n".join(f"{_STYLES[one.style]}{one.text}" for one in lines) + "\x1b[0m"


def _keys() -> str:
    """The keys pressed since; cursor and function keys are none."""
    stdin = sys.stdin.fileno()
    if not select.select([stdin], [], [], 0)[0]:
        return ""
    typed = os.read(stdin, 64).decode("ascii", "ignore")
    # An end of file is a terminal that has gone.
    return QUIT if not typed else typed.partition(_ESCAPE)[0]


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Single keys and a screen of our own; the terminal is as before afterwards."""
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    try:
        tty.setcbreak(stdin)
        sys.stdout.write(_ENTER)
        sys.stdout.flush()
        yield
    finally:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
