"""A gate under test: its real stores, log and conversation; taps are decided by the real rules."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sync.chain import Anchor
from sync.encoding import decode_record
from sync.envelope import FORMAT_VERSION
from sync.events import Detail, Event, EventKind
from sync.messages import PROTOCOL_VERSION, Feature, Hello, Role
from sync.records import ClockState, Direction, DoorMode, Grant, Reason
from sync.session import Session
from sync.session_events import Pace
from terminal.agent.conversation import Conversation, Parts
from terminal.agent.lists import AgentLists
from terminal.agent.log_source import LogSource
from terminal.agent.pieces import FilePieces
from terminal.agent.time_source import TimeSource
from terminal.core.decision import Decision, decide
from terminal.core.situation import Request, Situation
from terminal.permissions import ListReport, Permissions
from terminal.stores.access_state import Spend, StateChange
from terminal.stores.counted_grants import counted_grants
from terminal.stores.files import Checkpoint, pass_by
from terminal.stores.list_format import Side
from terminal.stores.list_index import ListIndex
from terminal.stores.list_store import ListStore
from terminal.stores.usage_log import Entry
from terminal.stores.usage_opening import Founding, open_usage_log
from terminal.stores.usage_rows import FILE_NAME as LOG_NAME
from tests.support.estate import ESTATE_ID, ONLINE, ROOT, card
from tests.support.gate_parts import HandClock
from tests.support.hub import gate_key

Work = tuple[Callable[[], object], Callable[[Any], None]]
DOOR: Final = 1


class GateProcessAtHand:
    """The gate process as the sync process knows it, over a real log and a real list index."""

    def __init__(self, gate: GateSide) -> None:
        self._gate = gate
        self.running = True
        self.asked: list[dict[str, Any]] = []
        """Orders that it was given."""

    def ask(self, what: dict[str, Any], then: Callable[[dict[str, Any]], None]) -> None:
        """See `terminal.agent.conversation.GateProcess`."""
        if not self.running:
            then({"ok": False, "error": "the gate process does not run"})
            return
        match what["command"]:
            case "list_changed":
                self._gate.permissions.refresh()
            case "log_acknowledged":
                if bytes.fromhex(what["epoch"]) == self._gate.log.head.header.epoch:
                    self._gate.log.acknowledge(what["number"], None)
            case _:
                self.asked.append(what)
        then({"ok": True})


class GateSide:
    """One gate's two processes on their files; `restart` makes all objects anew."""

    def __init__(self, directory: Path, gate_id: int, *, checkpoint: Checkpoint = pass_by) -> None:
        self.gate_id = gate_id
        self.key = gate_key(gate_id)
        self.anchor = Anchor(ESTATE_ID, gate_id, (ROOT.public,))
        self.hub_public = ONLINE.public
        self.terminal_dir, self.sync_dir = directory / "terminal", directory / "sync"
        for one in (self.terminal_dir, self.sync_dir):
            one.mkdir(parents=True, exist_ok=True)
        self.clock = HandClock()
        self.boot = bytes([gate_id, 1]) * 8
        self.refusals: Counter[str] = Counter()
        self.opened: Counter[int] = Counter()
        """Openings by card number."""
        self._checkpoint = checkpoint
        self.reports: deque[ListReport] = deque(maxlen=8)
        """The newest words of the list index."""
        self._draws = 0
        self._begin()

    # Its life

    def _begin(self) -> None:
        founding = Founding(lambda: self.random_bytes(16), self._stamp)
        self.log = open_usage_log(self.terminal_dir, founding, checkpoint=self._checkpoint)
        self.permissions = Permissions(
            ListIndex(self.sync_dir), self.reports.append, estate_id=ESTATE_ID, gate_id=self.gate_id
        )
        self.permissions.refresh()
        if self.log.access_state().all_void:  # what `terminal.counted_scan` finds out in a process of its own
            void = StateChange(void=counted_grants(self.sync_dir))
            self.log.commit([Entry(self._stamp(EventKind.ACCESS_STATE_LOST, {}), void)])
        self.process = GateProcessAtHand(self)
        self.begin_sync()

    def begin_sync(self) -> None:
        """The sync process's objects, as it makes them when it starts."""
        self.work: deque[Work] = deque()
        self.time = TimeSource(self.sync_dir, self.boot, self.clock.read)
        self.log_source = LogSource(self.terminal_dir, self.anchor, self.key, self.boot)
        self.pieces = FilePieces(self.sync_dir)
        store = ListStore(
            self.sync_dir, estate_id=ESTATE_ID, gate_id=self.gate_id, checkpoint=self._checkpoint
        )
        self.lists = AgentLists(
            store,
            self.anchor,
            self.key,
            judged=self.time.judged,
            access_state=self.log_source.access_state,
        )
        self.parts = Parts(
            boot_id=self.boot,
            lists=self.lists,
            log=self.log_source,
            time=self.time,
            gate=self.process,
            worker=lambda work, then: self.work.append((work, then)),
            doors={DOOR: "front"},
            status=lambda: {"gate": "running"},
            count=lambda attack: self.refusals.update([attack]),
        )

    def end_sync(self) -> None:
        """The sync process ends; what its worker has not begun is lost."""
        self.work.clear()
        self.lists.close()
        self.log_source.close()

    def close(self) -> None:
        self.end_sync()
        self.permissions.close()
        self.log.close()

    def restart(self, *, reboot: bool = False) -> None:
        """Both processes end and begin anew, in the same boot or the next."""
        self.close()
        if reboot:
            self.clock.reboot()
            self.boot = bytes([self.gate_id, self.boot[1] + 1]) * 8
        self._begin()

    def lose_log(self) -> None:
        """Its usage log is gone, and the uses that were counted in it; it begins anew."""
        self.close()
        for tail in ("", "-wal", "-shm"):
            (self.terminal_dir / f"{LOG_NAME}{tail}").unlink(missing_ok=True)
        self._begin()

    def slips(self) -> dict[int, int]:
        """Counted grants of the list in force, not ended: grant id to issue id."""
        content = self.lists._store.content()
        records = [] if content is None else [decode_record(one) for one in content.records()]
        return {one.grant_id: one.issue_id for one in records if isinstance(one, Grant) and one.spends}

    def lose_lists(self, *sides: Side) -> None:
        """Its list databases (both if none is named) are gone, or not readable any more; it begins anew."""
        self.close()
        for side in sides or Side:
            for tail in ("", "-wal", "-shm"):
                (self.sync_dir / f"{side.file_name}{tail}").unlink(missing_ok=True)
        self._begin()

    # Its link

    def session(self, pace: Pace) -> Session:
        """A new session, as `terminal.agent.process` begins it."""
        hello = Hello(
            versions=(PROTOCOL_VERSION,),
            role=Role.GATE,
            estate_id=ESTATE_ID,
            gate_id=self.gate_id,
            nonce=self.random_bytes(16),
            software="gate under test",
            formats=(FORMAT_VERSION,),
            features=tuple(int(one) for one in Feature),
            boot_id=self.boot,
            list_state=self.lists.state,
            log_state=self.log_source.state(),
            highest=self.lists.highest,
            lowering=self.time.lowering,
        )
        return Session(
            hello,
            pace=pace,
            now=self.clock.monotonic,
            random_bytes=self.random_bytes,
            pieces=self.pieces,
        )

    def conversation(self, session: Session) -> Conversation:
        return Conversation(
            self.parts,
            session,
            self.hub_public,
            monotonic=lambda: self.clock.monotonic,
            kick=lambda: None,
        )

    def do_work(self) -> bool:
        """One piece of the worker's work, and what follows from it; whether there was any."""
        if not self.work:
            return False
        work, then = self.work.popleft()
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001 - the worker hands on whatever its work raised
            then(error)
        else:
            then(outcome)
        return True

    # People

    def tap(self, number: int) -> Reason:
        """Decide a tap by the list in force, spend and record it."""
        decision = self._decide(number)
        reason = decision.reason if decision is not None else Reason.FAULT
        change = StateChange()
        if decision is not None and decision.spends and decision.grant is not None:
            change = StateChange(spends=(Spend(decision.grant.grant_id, decision.grant.uses or 0),))
        (stored,) = self.log.commit([Entry(self._tapped(number, reason, decision), change)])
        if isinstance(stored, Exception):
            reason = Reason.FAULT
            self.log.commit([Entry(self._tapped(number, reason, decision))])
        if reason.granted:
            self.opened[number] += 1
        return reason

    def would_open(self, number: int) -> bool:
        """Whether a tap would open now; nothing is recorded."""
        decision = self._decide(number)
        return decision is not None and decision.granted

    def _decide(self, number: int) -> Decision | None:
        found = self.permissions.look_up(card(number))
        if found is None:
            return None
        state = self.log.access_state()
        situation = Situation(DoorMode.NORMAL, 0.0, spent=state.used, spends_lost=state.void)
        request = Request(card(number), DOOR, Direction.IN)
        return decide(request, found.records, found.rules, situation, self.time.judged().now)

    def _tapped(self, number: int, reason: Reason, decision: Decision | None) -> Event:
        judged = self.time.judged()
        return Event(
            EventKind.TAP,
            self.boot,
            judged.boottime_ms,
            judged.wall_ms,
            judged.now.clock,
            door=DOOR,
            credential=card(number),
            issue_id=None if decision is None else decision.issue_id,
            grant_id=None if decision is None else decision.grant_id,
            reason=reason,
        )

    def _stamp(self, kind: EventKind, detail: dict[str, Detail]) -> Event:
        return Event(kind, self.boot, self.clock.read().boottime_ms, None, ClockState.UNKNOWN, detail=detail)

    def random_bytes(self, count: int) -> bytes:
        """Never the same twice, and the same in every run."""
        self._draws += 1
        return (self.gate_id << 32 | self._draws).to_bytes(count, "big")
