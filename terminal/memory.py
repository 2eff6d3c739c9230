"""What the gate must remember of its taps, in memory: spends, passback positions, latches.

The durable copy lives in the usage log's database. A use is reserved here the moment
it is decided, so that two taps can never spend one use while the disk is busy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from typing import TypeVar

from msgspec.structs import replace

from terminal.core.decision import Decision
from terminal.core.passback import Move
from terminal.core.situation import Now, Position
from terminal.stores.access_state import AccessState, Place, SavedPosition, Spend, StateChange

Key = TypeVar("Key")
Value = TypeVar("Value")

NOTHING = StateChange()

FLOOR_LATCH = "floor"
LOWERING_LATCH = "floor_lowering"
"""Serial of the last lowering by the root that ``FLOOR_LATCH`` accounts for."""


def fire_latch(door: int) -> str:
    """Name under which ``door`` remembers that fire has released it."""
    return f"fire:{door}"


def lockdown_latch(door: int) -> str:
    """Name under which a commanded lockdown of ``door`` survives a restart."""
    return f"lockdown:{door}"


def first_card_latch(door: int) -> str:
    """Name under which the last first card of ``door`` is remembered (UTC seconds)."""
    return f"first_card:{door}"


class _Everything:
    """Contains every grant id: nobody knows what was spent."""

    def __contains__(self, item: object) -> bool:
        return True


class Memory:
    """The gate's own state, as decisions see it."""

    def __init__(self, boot: bytes) -> None:
        """Nothing is known yet: every counted grant refuses until ``restore``."""
        self._boot = boot
        self._spent: Counter[int] = Counter()
        self._order = 0
        self.void: Container[int] = _Everything()
        self._named_void: frozenset[int] = frozenset()
        self.positions: dict[Place, Position] = {}
        self.latches: dict[str, bytes] = {}

    def restore(self, committed: AccessState, since: StateChange = NOTHING) -> StateChange:
        """Take over what the store has, then ``since``: what happened here before it could be read.

        The answer is what of it the store must still learn.
        """
        self._spent = Counter(committed.used)
        self._named_void = committed.void
        self.void = _Everything() if committed.all_void else committed.void
        self.positions = {place: saved.seen_in(self._boot) for place, saved in committed.positions.items()}
        self._order += max((one.order for one in self.positions.values()), default=0)
        self.latches = dict(committed.latches)
        if _floor_rank({**self.latches, **since.latches}) < _floor_rank(self.latches):
            kept = since.latches.keys() - {FLOOR_LATCH, LOWERING_LATCH}
            since = replace(since, latches={name: since.latches[name] for name in kept})
        self.take(since)
        return since

    @property
    def spent(self) -> Mapping[int, int]:
        """Uses spent or reserved, by grant id."""
        return self._spent

    def first_card(self, door: int) -> int | None:
        """UTC second of the last first card at ``door``."""
        value = self.latches.get(first_card_latch(door))
        return None if value is None else int.from_bytes(value, "big")

    def floor(self) -> int:
        """The gate's own lower bound of UTC seconds."""
        return int.from_bytes(self.latches.get(FLOOR_LATCH, b""), "big")

    def lowering(self) -> int:
        """Serial of the last lowering of the floor that this gate has taken over; 0: none."""
        return int.from_bytes(self.latches.get(LOWERING_LATCH, b""), "big")

    def change_for(self, decision: Decision, door: int, now: Now) -> StateChange:
        """What must be stored with this opening; nothing is taken over yet."""
        spends: tuple[Spend, ...] = ()
        if decision.spends and decision.grant is not None and decision.grant.uses is not None:
            spends = (Spend(decision.grant.grant_id, decision.grant.uses),)
        positions: dict[Place, SavedPosition | None] = {}
        if decision.move is not None and decision.grant_id is not None:
            positions[decision.move.area_id, decision.grant_id] = self._saved(decision.move, now)
        latches: dict[str, bytes | None] = {}
        if decision.starts_free_access and now.wall is not None:
            latches[first_card_latch(door)] = now.wall.to_bytes(8, "big")
        return StateChange(spends, positions, latches)

    def take(self, change: StateChange) -> Callable[[], None]:
        """Let ``change`` count from now on; the answer undoes it (it could not be stored)."""
        before = {place: self.positions.get(place) for place in change.positions}
        latched = {name: self.latches.get(name) for name in change.latches}
        self._spend(change, 1)
        if change.void is not None:
            self._named_void |= change.void
            self.void = self._named_void
        for place, saved in change.positions.items():
            _put(self.positions, place, None if saved is None else saved.seen_in(self._boot))
        taken = {place: self.positions.get(place) for place in change.positions}
        for latch, content in change.latches.items():
            _put(self.latches, latch, content)

        def undo() -> None:
            self._spend(change, -1)
            # What has changed again meanwhile is newer than this change and stays.
            for place, position in before.items():
                if self.positions.get(place) is taken[place]:
                    _put(self.positions, place, position)
            for latch, content in latched.items():
                if self.latches.get(latch) is change.latches[latch]:
                    _put(self.latches, latch, content)

        return undo

    def _spend(self, change: StateChange, sign: int) -> None:
        for spend in change.spends:
            self._spent[spend.grant_id] += sign * spend.uses

    def forgive(self, area: int | None) -> StateChange:
        """The change that forgets all positions (of one area)."""
        places = [place for place in self.positions if area is None or place[0] == area]
        return StateChange(positions=dict.fromkeys(places))

    def _saved(self, move: Move, now: Now) -> SavedPosition:
        self._order += 1
        return SavedPosition(move.inside, self._order, now.wall, self._boot, int(now.monotonic * 1000))


def _floor_rank(latches: Mapping[str, bytes | None]) -> tuple[bytes, bytes]:
    """Of two floors the later lowering counts, else the higher one (big-endian numbers of 8 bytes)."""
    return latches.get(LOWERING_LATCH) or b"", latches.get(FLOOR_LATCH) or b""


def _put(table: dict[Key, Value], key: Key, value: Value | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
