"""What to do next for one gate: every rule of sending lists, and nothing else. Pure.

The hub asks again after each action, each change and each word of the gate, until the
answer is to rest. Rules, in this order:

    struck off, or not there now         rest
    it has a snapshot of ours            that is the held list from now on
    it has, or has lost, a list that
    we never signed                      a clerk looks first (what was revoked there may be unknown
                                         here after a restored backup); then a snapshot above it
    it has no list, or one without a     a snapshot; a running one goes on
    way to the held list
    revocations while more waits         a delta of their own, by the online key if need be
    anything else that differs           a delta, or a snapshot where that is smaller
    the brake would hold it              wait for the manager, unsigned and unnumbered

A revocation never waits for a snapshot: it is a delta on the list that the gate has, with
the next free revision; the snapshot is signed anew after it.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

from msgspec import Struct

from office.hub.facts import Contact, SignedList
from sync.delta import Revoke
from sync.envelope import UpdateKind
from sync.fields import MAX_WHOLE
from sync.refusal import DigestMismatchError, MalformedError, MassRemovalError
from sync.update import ListVersion

MASS_REMOVAL: Final = MassRemovalError.attack
DAMAGED: Final = frozenset((DigestMismatchError.attack, MalformedError.attack))
"""A delta does not fit what the gate has: a snapshot does not depend on that."""


@unique
class Place(StrEnum):
    """Where the list that a gate has lies among those that were signed for it."""

    NO_LIST = "it has no list"
    AT_HEAD = "it has the held list"
    BEHIND = "deltas lead from its list to the held one"
    TAKEN = "it has taken a snapshot on its way"
    FORGOTTEN = "no deltas lead from its list to the held one"
    DIFFERENT = "it has another list under a version that we signed"
    AHEAD = "it has a higher version than we ever signed"


@unique
class Why(StrEnum):
    """Why there is nothing to sign now."""

    STRUCK_OFF = "struck off"
    PLANNED = "planned: its key is not known yet, see: hub enrolments"
    NO_CONTACT = "not connected"
    IN_SYNC = "in sync"
    SENDING = "on its way"
    NEEDS_MANAGER = "waits for the manager's signature"
    NEEDS_LIST_KEY = "waits for the list key"
    NEEDS_ROOT = "waits for the root to raise the epoch"
    REFUSED = "refused by the gate; look why, then: hub resume"
    NEEDS_CLERK = "waits for a clerk: the gate has a list that this office does not know"


class Rest(Struct, frozen=True):
    """Nothing to sign; what is kept may be sent."""

    why: Why


class Adopt(Struct, frozen=True):
    """The gate has taken this snapshot: build on it."""

    snapshot: SignedList


class SignDelta(Struct, frozen=True):
    """Sign a delta on the held list."""

    version: ListVersion
    revocations: tuple[Revoke, ...] | None
    """Only these, which the online key may sign; ``None``: everything that differs."""


class SignSnapshot(Struct, frozen=True):
    """Sign the whole wanted list."""

    version: ListVersion
    place: Place


Action = Rest | Adopt | SignDelta | SignSnapshot


class Powers(Struct, frozen=True):
    """Which keys can sign for this gate now."""

    list_key: bool
    online_key: bool


class Waiting(Struct, frozen=True):
    """What differs between the held and the wanted list."""

    change: int
    """Number of the newest change."""
    steps: int
    revocations: tuple[Revoke, ...]
    """Those that the brake lets pass by themselves."""
    braked: bool
    """Whether the brake would hold all of it together."""
    oversize: bool
    """Whether a snapshot is smaller than the delta."""


class Situation(Struct, frozen=True):
    """One gate as it stands."""

    struck: bool
    connected: bool
    contact: Contact
    held: ListVersion | None
    held_digest: bytes
    top: ListVersion
    newest: ListVersion
    """The highest that we signed; ``top`` may be one that the gate brought."""
    known: SignedList | None
    """What we signed under the version which the gate has."""
    kept: tuple[SignedList, ...]
    """Updates whose bytes are kept, oldest first."""
    waiting: Waiting
    powers: Powers
    lost_is_ours: bool = True
    """Whether we signed the newest list that the gate ever had, where that one is lost."""


def plan(now: Situation) -> Action:
    """The next action for the gate."""
    if now.struck:
        return Rest(Why.STRUCK_OFF)
    if not now.connected or not now.contact.asked:
        return Rest(Why.NO_CONTACT)
    place = locate(now)
    if place is Place.TAKEN and now.known is not None:
        return Adopt(now.known)
    if place in (Place.AT_HEAD, Place.BEHIND):
        return _onward(now, place)
    if place in (Place.AHEAD, Place.DIFFERENT) and not now.contact.resumed:
        return Rest(Why.NEEDS_CLERK)
    return _anew(now, place)


def for_a_new_unit(now: Situation) -> ListVersion | Why:
    """The version of a whole list for a unit that has none, above all the gate may have; or why not."""
    version = next_version(now)
    if now.struck:
        return Why.STRUCK_OFF
    if locate(now) in (Place.AHEAD, Place.DIFFERENT) and not now.contact.resumed:
        return Why.NEEDS_CLERK
    if now.waiting.braked:
        return Why.NEEDS_MANAGER
    return Why.NEEDS_ROOT if version is None else version


def locate(now: Situation) -> Place:
    """Where the gate's list lies."""
    version, digest = now.contact.version, now.contact.digest
    lost = lost_version(now.contact)
    if lost is not None and not now.lost_is_ours:
        return Place.AHEAD if lost > now.newest else Place.DIFFERENT
    if version is None:
        return Place.NO_LIST
    if (version, digest) == (now.held, now.held_digest):
        return Place.AT_HEAD
    if now.known is None:
        return Place.AHEAD if version > now.newest else Place.FORGOTTEN
    return _among_ours(now, version, now.known)


def _among_ours(now: Situation, version: ListVersion, known: SignedList) -> Place:
    if known.digest != now.contact.digest:
        return Place.DIFFERENT
    if known.kind is UpdateKind.SNAPSHOT and known.kept:
        return Place.TAKEN
    return Place.BEHIND if _leads(now, version) else Place.FORGOTTEN


def lost_version(contact: Contact) -> ListVersion | None:
    """Version of a lost list that is newer than the one which the gate has."""
    highest, version = contact.highest, contact.version
    return highest if highest is not None and (version is None or version < highest) else None


def running(now: Situation) -> SignedList | None:
    """The snapshot on its way that the gate can still take."""
    for one in reversed(now.kept):
        if one.kind is UpdateKind.SNAPSHOT and one.version != now.held:
            base, lost = now.contact.version, lost_version(now.contact)
            overtaken = base is not None and one.version <= base
            # With nothing in force, a gate takes nothing older than what it has lost.
            overtaken |= base is None and lost is not None and one.version < lost
            # A delta signed since takes the gate past it, if the gate can take that delta.
            passed = locate(now) in (Place.AT_HEAD, Place.BEHIND) and (
                now.held is not None and one.version < now.held
            )
            refused = one.version == now.contact.refused
            return None if overtaken or passed or refused else one
    return None


def _onward(now: Situation, place: Place) -> Action:
    """The gate can follow the chain to the held list: what comes next on it."""
    waiting, powers = now.waiting, now.powers
    if (refusal := _refusal(now)) is not None:
        return _anew(now, place) if refusal in DAMAGED | {MASS_REMOVAL} else Rest(Why.REFUSED)
    if not waiting.steps:
        return Rest(Why.IN_SYNC if place is Place.AT_HEAD else Why.SENDING)
    version = next_version(now)
    if version is None:
        return Rest(Why.NEEDS_ROOT)
    if powers.list_key and not waiting.braked and not waiting.oversize:
        return SignDelta(version, None)
    if waiting.revocations and (powers.online_key or powers.list_key):
        return SignDelta(version, waiting.revocations)
    return _by_snapshot(now, version, place, braked=waiting.braked)


def _anew(now: Situation, place: Place) -> Action:
    """Only a snapshot helps the gate."""
    if running(now) is not None:
        return Rest(Why.SENDING)
    version, refusal = next_version(now), _refusal(now)
    has = lost_version(now.contact) or now.contact.version
    # Only a root may take a gate to a higher epoch than its list's.
    if version is None or (has is not None and version.epoch > has.epoch):
        return Rest(Why.NEEDS_ROOT)
    if refusal is not None and refusal != MASS_REMOVAL and not (refusal in DAMAGED and _was_delta(now)):
        return Rest(Why.REFUSED)
    return _by_snapshot(now, version, place, braked=refusal == MASS_REMOVAL)


def _by_snapshot(now: Situation, version: ListVersion, place: Place, *, braked: bool) -> Action:
    if running(now) is not None:
        return Rest(Why.SENDING)
    if braked:
        return Rest(Why.NEEDS_MANAGER)
    return SignSnapshot(version, place) if now.powers.list_key else Rest(Why.NEEDS_LIST_KEY)


def _was_delta(now: Situation) -> bool:
    refused = [one for one in now.kept if one.version == now.contact.refused]
    return all(one.kind is UpdateKind.DELTA for one in refused)


def _refusal(now: Situation) -> str | None:
    """Why the gate refused what was signed for the newest change, unless more was signed since."""
    contact = now.contact
    if contact.refusal is None or contact.refused is None or contact.refused_change != now.waiting.change:
        return None
    return contact.refusal if now.newest <= contact.refused else None


def next_version(now: Situation) -> ListVersion | None:
    """The next free version; ``None`` once the epoch's revisions are used up."""
    seen = [one for one in (now.contact.version, lost_version(now.contact)) if one is not None]
    top = max(now.top, now.newest, ListVersion(1, 0), *seen)
    return ListVersion(top.epoch, top.revision + 1) if top.revision < MAX_WHOLE else None


def _leads(now: Situation, version: ListVersion) -> bool:
    deltas = {one.version: one.previous for one in now.kept if one.kind is UpdateKind.DELTA}
    at = now.held
    while at is not None and at in deltas:
        at = ListVersion(at.epoch, deltas[at])
        if at == version:
            return True
    return False
