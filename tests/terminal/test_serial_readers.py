"""Serial readers under the gate's supervisor, on real time: held cards, cables pulled and put back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.ports import CardRead
from drivers.readers.em4100_serial import Settings, open_reader
from terminal.loop import Loop
from terminal.repeats import Repeats
from terminal.supervisor import Health, ReaderSupervisor
from tests.drivers.readers.rig_em4100_serial import frame
from tests.support.paced_line import PacedLine
from tests.support.waiting import until

FIRST = bytes.fromhex("62E3086CED")
SECOND = bytes.fromhex("0A00F12B3C")


class Post:
    """One reader at a port that may be missing, with the gate's loop and supervisor."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self.loop = Loop(time.monotonic, lambda _now: None)
        self.taps: list[bytes] = []
        self.frames = 0
        self.health: list[Health] = []
        repeats = Repeats(0.5)

        def on_read(event: object) -> None:
            assert isinstance(event, CardRead)
            self.frames += 1
            if not repeats.is_repeat(event):
                self.taps.append(event.number)

        self.supervisor = ReaderSupervisor(
            "in",
            lambda: open_reader(Settings(str(port)), time.monotonic),
            self.loop,
            on_read=on_read,
            on_health=self.health.append,
            on_tamper=lambda _active: None,
            jitter=lambda: 0.0,
        )

    def until(self, what: str, check: Callable[[], bool]) -> None:
        until(what, check, told=lambda: (self.taps, self.health), between=lambda: self.loop.turn(0.05))

    def plug(self, line: PacedLine) -> None:
        """What udev does: the lasting name leads to the new port."""
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(line.port)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path / "usb-reader")
    yield made
    made.supervisor.close()
    made.loop.close()


def test_a_card_held_to_a_module_that_repeats_itself_is_one_tap(post: Post) -> None:
    with PacedLine(9600) as line:
        post.plug(line)
        post.supervisor.start()
        post.until("the reader is well", lambda: post.supervisor.health.ok)
        line.send(frame(FIRST) * 40)  # 0.6 s: longer than a pause that would end it
        line.send(frame(SECOND))
        post.until("the card is read", lambda: SECOND in post.taps)
    assert post.frames == 41
    assert post.taps == [FIRST, SECOND]


def test_pulled_out_and_put_back_it_reads_the_next_card_by_itself(post: Post) -> None:
    post.supervisor.start()
    assert "no such port" in post.supervisor.health.cause
    for number in (FIRST, SECOND):
        with PacedLine(115200) as line:
            post.plug(line)
            post.until("the reader is well", lambda: post.supervisor.health.ok)
            line.send(frame(number))
            post.until("the card is read", lambda number=number: number in post.taps)  # type: ignore[misc] # bound now
            line.send(frame(number)[:7])
            line.drain()
        post.until("the reader is away", lambda: not post.supervisor.health.ok)
    told = [one.cause for one in post.health]
    assert told[0].endswith("(ls -l /dev/serial/by-id)")
    assert told[1] == ""
    assert "port is gone" in told[2]
    assert post.taps == [FIRST, SECOND]
