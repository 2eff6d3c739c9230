"""Grants and tombstones: what one chip may do, and how it ended."""

from __future__ import annotations

from enum import Enum, IntEnum, IntFlag, unique
from itertools import pairwise

from msgspec import Struct

from sync.records.credential import Credential, RecordError
from sync.records.reason import Reason

MAX_ID = (1 << 53) - 1
"""Ids stay exact in JSON and in every language that reads the vectors."""
MAX_USES = 65_535
MAX_ACCESSES = 64
PIN_SALT_BYTES = 16


@unique
class GrantKind(IntEnum):
    """Whose grant this is; windows of trust and clock policies are kept per kind."""

    RESIDENT = 1
    TENANT = 2
    VEHICLE = 3
    STAFF = 4
    GUARD = 5
    MERCHANT = 6
    CONTRACTOR = 7
    VISITOR = 8
    RELEASE_SLIP = 9
    TEMPORARY = 10
    TECHNICIAN = 11


class Direction(IntFlag):
    """Direction of passage, seen from outside the estate."""

    IN = 1
    OUT = 2
    BOTH = 3


@unique
class RevocationReason(IntEnum):
    """The closed list of reasons for which a grant ends."""

    LOST = 1
    DAMAGED = 2
    SUSPENDED = 3
    WITHDRAWN = 4
    MOVED_OUT = 5
    SUPERSEDED = 6

    @property
    def chip_wide(self) -> bool:
        """Whether it stops every use of the issue, not one grant alone (rule 14.4)."""
        return self not in (RevocationReason.WITHDRAWN, RevocationReason.MOVED_OUT)

    @property
    def reason(self) -> Reason:
        """The reason code with which the gate refuses."""
        return Reason[self.name]


class Access(Struct, frozen=True, order=True):
    """One door and the directions in which a grant opens it."""

    door: int
    directions: Direction = Direction.BOTH

    def __post_init__(self) -> None:
        _check_id("access: door", self.door)
        if not 1 <= int(self.directions) <= 3:
            raise RecordError("access: directions must be in, out or both")


class Pin(Struct, frozen=True):
    """A salted PIN. A short PIN can be brute-forced from a stolen gate; docs say so."""

    salt: bytes
    digest: bytes
    duress_digest: bytes | None = None
    """Digest of the PIN that opens and alarms silently."""

    def __repr__(self) -> str:
        return "Pin(…)"

    def __post_init__(self) -> None:
        digests = [self.digest] if self.duress_digest is None else [self.digest, self.duress_digest]
        if len(self.salt) != PIN_SALT_BYTES or any(len(one) != 32 for one in digests):
            raise RecordError("pin: salt has 16 bytes, digests have 32")


@unique
class PinMatch(Enum):
    """What typed digits are to a PIN."""

    WRONG = "wrong"
    RIGHT = "right"
    DURESS = "duress"


class Grant(Struct, frozen=True):
    """One issue may open these doors, when, and how often."""

    grant_id: int
    """Never reused; uses are spent against it."""
    issue_id: int
    """The opaque id of one chip given to one holder for a time; never reused."""
    credential: Credential
    kind: GrantKind
    access: tuple[Access, ...]
    schedule: int | None = None
    """Schedule id; ``None`` opens at any time."""
    valid_from: int | None = None
    valid_until: int | None = None
    """First second at which the grant no longer opens."""
    uses: int | None = None
    """Number of times it opens; ``None`` is unlimited."""
    companion: frozenset[GrantKind] = frozenset()
    """A card of one of these kinds must follow in time; empty: none needed."""
    pin: Pin | None = None
    long_opening: bool = False
    """The holder needs the door's longer opening time."""
    passback_exempt: bool = False
    first_card: bool = False
    """May start a free-access window that waits for its first card."""
    overrides_lockdown: bool = False

    def __post_init__(self) -> None:
        _check_id("grant: grant_id", self.grant_id)
        _check_id("grant: issue_id", self.issue_id)
        if not 1 <= len(self.access) <= MAX_ACCESSES or not _each_once_in_order(self.access):
            raise RecordError(
                f"grant {self.grant_id}: access needs 1 to {MAX_ACCESSES} doors, each once, in order"
            )
        if self.uses is not None and not 1 <= self.uses <= MAX_USES:
            raise RecordError(f"grant {self.grant_id}: uses is {self.uses}, allowed are 1 to {MAX_USES}")
        if self.valid_from is not None or self.valid_until is not None:  # this runs on every tap
            _check_times(f"grant {self.grant_id}", self.valid_from, self.valid_until)

    @property
    def spends(self) -> bool:
        """Whether opening by this grant must be made durable before the relay moves."""
        return self.uses is not None

    @property
    def time_limited(self) -> bool:
        """Whether any outcome depends on knowing the wall clock."""
        return self.schedule is not None or self.valid_from is not None or self.valid_until is not None

    def directions_at(self, door: int) -> Direction:
        """Directions this grant opens at ``door`` (no directions if not at all)."""
        for one in self.access:
            if one.door == door:
                return one.directions
        return Direction(0)


class Tombstone(Struct, frozen=True):
    """A grant that was ended, with its reason; it replaces the grant in the list."""

    grant_id: int
    issue_id: int
    credential: Credential
    reason: RevocationReason
    since: int

    def __post_init__(self) -> None:
        _check_id("tombstone: grant_id", self.grant_id)
        _check_id("tombstone: issue_id", self.issue_id)
        _check_times(f"tombstone {self.grant_id}", self.since, None)


Record = Grant | Tombstone


def _each_once_in_order(access: tuple[Access, ...]) -> bool:
    return all(one.door < after.door for one, after in pairwise(access))


def _check_id(what: str, value: int) -> None:
    if not 1 <= value <= MAX_ID:
        raise RecordError(f"{what} is {value}, allowed are 1 to {MAX_ID}")


def _check_times(what: str, start: int | None, end: int | None) -> None:
    for value in (start, end):
        if value is not None and not 0 <= value <= MAX_ID:
            raise RecordError(f"{what}: time {value} is out of range")
    if start is not None and end is not None and end <= start:
        raise RecordError(f"{what}: valid_until is not after valid_from")
