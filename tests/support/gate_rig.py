"""A whole gate under test: the real parts, a clock and a disk that the test holds, a loop turned by hand.

Readers, lines, stores, signed lists and the log writer's thread are the shipped ones. Time
moves only by ``advance`` and friends; what the writer's thread does is waited for by its
own answers, with a deadline.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from drivers.gpio.sim import SimGpio
from drivers.ports import Technology
from drivers.readers.sim import SimReader
from sync.events import Event, EventKind
from sync.records import ListSettings, Reason, Record
from sync.trust import TrustedList
from sync.update import Accepted
from terminal.commands import Commands
from terminal.config import Config
from terminal.config_file import parse_config
from terminal.control import Answer, Request
from terminal.gate import Gate, Outside
from terminal.log_backlog import GROUP_S
from terminal.stores.list_store import ListStore
from terminal.stores.usage_reader import UsageReader
from tests.support import estate
from tests.support.gate_estate import BASIC, Estate, gate_document
from tests.support.gate_parts import Counted, Disk, HandClock, Silent
from tests.support.waiting import until

MOST_TURNS: Final = 10_000


class GateRig:
    """One gate and everything around it."""

    def __init__(
        self,
        directory: Path,
        *,
        records: Iterable[Record] | None = None,
        settings: ListSettings | None = None,
        change: Callable[[dict[str, Any]], None] = lambda _document: None,
        low: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
        stock: Path | None = None,
        listed: bool = True,
    ) -> None:
        """Make a gate with the basic list, unless told otherwise; `start` starts it.

        ``change`` alters the configuration; ``low``: inputs low from the start; ``stock``:
        where `publish_basic` has put the basic list already.
        """
        self.directory = directory
        self.clock = HandClock()
        self.disk = Disk()
        self.low = set(low)
        self.boot = 1
        self.environment = environment or {}
        self.change = change
        self._draws = 0
        self._revision = 0
        self._seen = 0
        self.histories: list[SimGpio] = []
        (directory / "terminal").mkdir(parents=True)
        basic = records is None and settings is None
        if listed and basic and stock is not None:
            shutil.copytree(stock, directory / "sync")
            self._revision = 1
        else:
            (directory / "sync").mkdir()
        if listed and not self._revision:
            self.publish(BASIC.records if records is None else records, settings or BASIC.settings)
        self.gate: Gate
        self.log: Counted
        self.make()

    # The gate's life

    def make(self) -> None:
        """Make the gate, without starting it."""
        self.gate = Gate(self.config(), self._outside())
        self.histories.append(self.gpio)
        self.hook_disk()
        self.log = Counted(self.gate.log)
        self.gate.journal._writer = self.log
        self.stored: list[tuple[int, Event]] = []
        self.gate.followers.append(lambda number, event: self.stored.append((number, event)))
        self.client = Silent()
        self.commands = Commands(self.gate)

    def start(self) -> GateRig:
        """Start it, and let everything come to rest."""
        self.gate.start()
        self.settle()
        return self

    def close(self) -> None:
        """A clean end. May be called twice."""
        self.disk.let_go()
        self.gate.close()

    def restart(self, *, reboot: bool = False) -> None:
        """End cleanly and start again, in the same boot or the next."""
        self.close()
        self._begin_anew(reboot=reboot)

    def power_cut(self) -> None:
        """Lose everything that was not on the disk yet, and start in the next boot."""
        kept = self.directory / "kept"
        terminal = self.gate.config.terminal_dir
        shutil.copytree(terminal, kept, ignore=shutil.ignore_patterns("*-shm"))
        self.disk.broken = True
        self.close()
        shutil.rmtree(terminal)
        kept.rename(terminal)
        self.disk.broken = False
        self._begin_anew(reboot=True)

    def _begin_anew(self, *, reboot: bool) -> None:
        if reboot:
            self.boot += 1
            self.clock.reboot()
        self.make()
        self.start()

    def config(self) -> Config:
        """The gate's configuration as it would stand in its file."""
        document = gate_document(self.directory)
        document["gpio"]["low"] = sorted(self.low)
        self.change(document)
        return parse_config(Path("gate.toml"), document)

    def _outside(self) -> Outside:
        return Outside(bytes([self.boot]) * 16, self.clock.read, self.environment, self._random, lambda: 0.0)

    def _random(self, count: int) -> bytes:
        self._draws += 1
        return self._draws.to_bytes(count, "big")

    def hook_disk(self) -> None:
        """Let the log use our disk; again after it opened late."""
        writer = self.gate.log._writer
        if writer is not None:
            writer._log._checkpoint = self.disk

    # Time and waiting

    def turn(self) -> None:
        """Let the loop do whatever is due or ready now."""
        loop = self.gate.loop
        for _ in range(MOST_TURNS):
            due = bool(loop._timers) and loop._timers[0][0] <= self.clock.monotonic
            if not due and not loop._selector.select(0):
                return
            loop.turn(0)
        raise AssertionError("the loop never comes to rest")

    def advance(self, seconds: float) -> None:
        """Let time pass, every timer at its own moment."""
        end = self.clock.monotonic + seconds
        timers = self.gate.loop._timers
        while timers and timers[0][0] <= end:
            self.clock.monotonic = max(self.clock.monotonic, timers[0][0])
            self.turn()
        self.clock.monotonic = end
        self.turn()

    def leap(self, seconds: float) -> None:
        """Let much time pass at once: every timer that is due by then runs late."""
        self.clock.monotonic += seconds
        self.turn()

    def settle(self) -> None:
        """Let everything handed to the log be stored (or refused), and what follows from it happen."""
        self.turn()
        self.hashed()
        while self.log.waiting or self.gate.loop._mail:
            seen = -1
            while seen != self.log.patient:  # one that came with the last turn is due later than this
                seen = self.log.patient
                self.advance(GROUP_S)
            self.gate.log.acknowledge(b"", 0)  # acknowledges nothing; the writer looks at our clock again
            self.log.wait()
            self.turn()

    def hashed(self) -> None:
        """Let everything that was typed be compared, and decided."""
        self.until("the digits are hashed", lambda: self.gate.taps.pins.hasher.is_idle)
        self.turn()

    def until(self, what: str, check: Callable[[], bool]) -> None:
        """Turn until ``check`` holds, which another thread brings about."""

        def turn() -> None:
            self.gate.log.acknowledge(b"", 0)
            self.gate.loop.turn(0.001)

        until(what, check, between=turn)

    # People and the world

    def present(self, reader: str, number: int | bytes) -> None:
        """Hold a card to a reader and take it away; nothing is turned."""
        one = self.reader(reader)
        one.present(Technology.ISO14443A, number if isinstance(number, bytes) else estate.card(number).number)
        one.remove()

    def tap(self, reader: str, number: int | bytes) -> Reason:
        """Tap, wait until it is decided, carried out and stored; the outcome as the log tells it."""
        before = len(self.stored)
        self.present(reader, number)
        self.settle()
        return self._outcome(before)

    def type(self, reader: str, digits: str) -> Reason:
        """Type digits; the outcome like that of `tap`."""
        before = len(self.stored)
        self.reader(reader).enter(digits)
        self.settle()
        return self._outcome(before)

    def _outcome(self, before: int) -> Reason:
        taps = [event.reason for _, event in self.stored[before:] if event.kind is EventKind.TAP]
        assert taps, "no tap was stored"
        assert taps[-1] is not None
        return taps[-1]

    def set_low(self, line: str, low: bool = True) -> None:
        """Pull an input low or let it go; its bounce is over when this returns."""
        (self.low.add if low else self.low.discard)(line)
        self.gpio.set_level(line, False if low else None)
        self.turn()
        self.advance(0.05)

    def order(self, command: str, **fields: object) -> Answer:
        """A command as from the socket, and what follows from it; raises ``CommandError``."""
        request: Request = {"command": command, **fields}
        answer = self.commands.handle(request, self.client)  # type: ignore[arg-type] # listens like a Client
        self.settle()
        if answer is None:
            answer = self.client.heard.pop()
            del answer["ok"]
        return answer

    def publish(self, records: Iterable[Record], settings: ListSettings = BASIC.settings) -> None:
        """The office replaces the list, as the sync side does it; the gate is not told."""
        self._revision += 1
        publish(self.directory / "sync", self._revision, Estate(tuple(records), settings))

    # What can be seen

    @property
    def gpio(self) -> SimGpio:
        """The gate's lines."""
        gpio = self.gate.hardware.gpio
        assert isinstance(gpio, SimGpio)
        return gpio

    def reader(self, name: str) -> SimReader:
        """The open reader of this name."""
        reader = self.gate.readers[name].reader
        assert isinstance(reader, SimReader), f"{name} is away"
        return reader

    def level(self, line: str) -> bool | None:
        """Level of an output now; ``None``: undriven."""
        return self.gpio.level(line)

    def moved(self, line: str) -> list[bool | None]:
        """Every level this output has had since this gate was made."""
        return [one.level for one in self.gpio.history() if one.line == line]

    def events(self, *kinds: EventKind) -> list[Event]:
        """The stored events (of these kinds), oldest first."""
        self.settle()
        with UsageReader(self.directory / "terminal") as reader:
            stored = [one.content for one in reader.read_after(0, 100_000)]
        return [one for one in stored if isinstance(one, Event) and (not kinds or one.kind in kinds)]

    def fresh(self) -> Sequence[EventKind]:
        """Kinds of the events stored since this was last asked."""
        kinds = [one.kind for one in self.events()]
        before, self._seen = self._seen, len(kinds)
        return kinds[before:]


def publish(directory: Path, revision: int, what: Estate) -> None:
    """Sign a list and put it into force, as office and sync side do."""
    content = estate.content(what.records, what.settings)
    at = estate.NOW + 60 * (revision - 1)
    # The manager signs, too: the mass-removal brake has its own tests.
    data = estate.signed_snapshot(content, revision, estate.LISTS, estate.MANAGER, at=at)
    with closing(ListStore(directory, estate_id=estate.ESTATE_ID, gate_id=estate.GATE_ID)) as store:
        outcome = TrustedList(estate.ANCHOR, store.current(), store.content(), store.highest()).update(
            data, floor=estate.NOW
        )
        assert isinstance(outcome, Accepted)
        store.apply(outcome)
