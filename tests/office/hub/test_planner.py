"""The plan as a table: where the gate stands, what differs, which keys are there; then the action."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from office.hub.facts import Contact, SignedList
from office.hub.planner import (
    Action,
    Adopt,
    Place,
    Powers,
    Rest,
    SignDelta,
    SignSnapshot,
    Situation,
    Waiting,
    Why,
    locate,
    plan,
)
from sync.delta import Revoke
from sync.envelope import UpdateKind
from sync.fields import MAX_WHOLE
from sync.records import RevocationReason
from sync.update import ListVersion

LOST = (Revoke(b"\x01card", 7, RevocationReason.LOST, 0),)
NOTHING = Waiting(9, 0, (), braked=False, oversize=False)
MORE = Waiting(9, 3, (), braked=False, oversize=False)
URGENT = Waiting(9, 3, LOST, braked=False, oversize=False)
LARGE = Waiting(9, 3, (), braked=False, oversize=True)
BRAKED = Waiting(9, 3, (), braked=True, oversize=False)


def v(revision: int, epoch: int = 1) -> ListVersion:
    return ListVersion(epoch, revision)


def digest(revision: int) -> bytes:
    return b"%032d" % revision


def signed(revision: int, previous: int, *, kept: bool = True, epoch: int = 1) -> SignedList:
    kind = UpdateKind.DELTA if previous else UpdateKind.SNAPSHOT
    return SignedList(1, v(revision, epoch), previous, kind, digest(revision), 0, 5, kept)


AT_HEAD = Situation(
    struck=False,
    connected=True,
    contact=Contact(0, True, v(5), digest(5)),
    held=v(5),
    held_digest=digest(5),
    top=v(5),
    newest=v(5),
    known=signed(5, 4, kept=False),
    kept=(),
    waiting=NOTHING,
    powers=Powers(list_key=True, online_key=True),
)
ONLINE = Powers(list_key=False, online_key=True)
NONE = Powers(list_key=False, online_key=False)
BEHIND = replace(
    AT_HEAD,
    contact=Contact(0, True, v(3), digest(3)),
    known=signed(3, 0, kept=False),
    kept=(signed(4, 3), signed(5, 4)),
)
TAKEN = replace(BEHIND, contact=Contact(0, True, v(6), digest(6)), known=signed(6, 0), kept=(signed(6, 0),))
NO_LIST = replace(AT_HEAD, contact=Contact(0, True), known=None)
FORGOTTEN = replace(AT_HEAD, contact=Contact(0, True, v(2), digest(2)), known=signed(2, 1, kept=False))
AHEAD = replace(AT_HEAD, contact=Contact(0, True, v(40), digest(0)), known=None)
DIFFERENT = replace(AT_HEAD, contact=Contact(0, True, v(5), digest(0)))
RUNNING = (signed(6, 0),)


def resumed(now: Situation) -> Situation:
    return replace(now, contact=replace(now.contact, resumed=True))


def refused(now: Situation, attack: str, revision: int, change: int = 9) -> Situation:
    return replace(
        now, contact=replace(now.contact, refusal=attack, refused=v(revision), refused_change=change)
    )


def lost(revision: int, *, epoch: int = 1, ours: bool = True) -> Situation:
    """The gate has lost its lists, and remembers this one."""
    contact = replace(NO_LIST.contact, highest=v(revision, epoch))
    return replace(NO_LIST, contact=contact, lost_is_ours=ours)


TABLE: dict[str, tuple[Situation, Action]] = {
    "struck off": (replace(AT_HEAD, struck=True, waiting=URGENT), Rest(Why.STRUCK_OFF)),
    "away": (replace(AT_HEAD, connected=False, waiting=URGENT), Rest(Why.NO_CONTACT)),
    "never told": (replace(AT_HEAD, contact=Contact(0), waiting=URGENT), Rest(Why.NO_CONTACT)),
    "in sync": (AT_HEAD, Rest(Why.IN_SYNC)),
    "more": (replace(AT_HEAD, waiting=MORE), SignDelta(v(6), None)),
    "revocations with the rest": (replace(AT_HEAD, waiting=URGENT), SignDelta(v(6), None)),
    "large": (replace(AT_HEAD, waiting=LARGE), SignSnapshot(v(6), Place.AT_HEAD)),
    "large, revocations first": (
        replace(AT_HEAD, waiting=replace(LARGE, revocations=LOST)),
        SignDelta(v(6), LOST),
    ),
    "large, running": (replace(AT_HEAD, waiting=LARGE, kept=RUNNING, newest=v(6)), Rest(Why.SENDING)),
    "large, running, and a revocation": (
        replace(AT_HEAD, waiting=replace(LARGE, revocations=LOST), kept=RUNNING, top=v(6), newest=v(6)),
        SignDelta(v(7), LOST),
    ),
    "braked": (replace(AT_HEAD, waiting=BRAKED), Rest(Why.NEEDS_MANAGER)),
    "braked, revocations that pass": (
        replace(AT_HEAD, waiting=replace(BRAKED, revocations=LOST)),
        SignDelta(v(6), LOST),
    ),
    "online key alone": (replace(AT_HEAD, waiting=URGENT, powers=ONLINE), SignDelta(v(6), LOST)),
    "online key alone, nothing to revoke": (
        replace(AT_HEAD, waiting=MORE, powers=ONLINE),
        Rest(Why.NEEDS_LIST_KEY),
    ),
    "no key": (replace(AT_HEAD, waiting=URGENT, powers=NONE), Rest(Why.NEEDS_LIST_KEY)),
    "behind": (BEHIND, Rest(Why.SENDING)),
    "behind, and more": (replace(BEHIND, waiting=MORE), SignDelta(v(6), None)),
    "taken": (TAKEN, Adopt(signed(6, 0))),
    "no list": (NO_LIST, SignSnapshot(v(6), Place.NO_LIST)),
    "no list, nor one signed": (
        replace(NO_LIST, held=None, held_digest=b"", top=v(0, 0), newest=v(0, 0)),
        SignSnapshot(v(1), Place.NO_LIST),
    ),
    "no list, running": (replace(NO_LIST, kept=RUNNING, newest=v(6), top=v(6)), Rest(Why.SENDING)),
    "lost a list of ours": (lost(5), SignSnapshot(v(6), Place.NO_LIST)),
    "lost a list of ours, an older one on its way": (
        replace(lost(5), kept=(signed(4, 0),)),
        SignSnapshot(v(6), Place.NO_LIST),
    ),
    "lost the list that is on its way": (replace(lost(6), kept=RUNNING, newest=v(6)), Rest(Why.SENDING)),
    "lost a list that is not ours": (lost(40, ours=False), Rest(Why.NEEDS_CLERK)),
    "lost another list under our number": (lost(4, ours=False), Rest(Why.NEEDS_CLERK)),
    "lost a list that is not ours, resumed": (
        resumed(lost(40, ours=False)),
        SignSnapshot(v(41), Place.AHEAD),
    ),
    "lost a list of a higher epoch, resumed": (
        resumed(lost(3, epoch=2, ours=False)),
        SignSnapshot(v(4, 2), Place.AHEAD),
    ),
    "lost the last revision": (resumed(lost(MAX_WHOLE, ours=False)), Rest(Why.NEEDS_ROOT)),
    "an older list of ours stands in": (
        replace(
            lost(5),
            contact=replace(lost(5).contact, version=v(3), digest=digest(3)),
            known=BEHIND.known,
            kept=BEHIND.kept,
        ),
        Rest(Why.SENDING),
    ),
    "an older list stands in for one that is not ours": (
        replace(
            lost(40, ours=False),
            contact=replace(lost(40).contact, version=v(5), digest=digest(5)),
            waiting=URGENT,
        ),
        Rest(Why.NEEDS_CLERK),
    ),
    "a list that was lost once and is passed": (
        replace(AT_HEAD, contact=replace(AT_HEAD.contact, highest=v(4)), waiting=MORE),
        SignDelta(v(6), None),
    ),
    "no list, online key alone": (
        replace(NO_LIST, powers=ONLINE, waiting=URGENT),
        Rest(Why.NEEDS_LIST_KEY),
    ),
    "forgotten": (FORGOTTEN, SignSnapshot(v(6), Place.FORGOTTEN)),
    "ahead": (AHEAD, Rest(Why.NEEDS_CLERK)),
    "ahead, resumed": (resumed(AHEAD), SignSnapshot(v(41), Place.AHEAD)),
    "ahead in a later epoch, resumed": (
        resumed(replace(AHEAD, contact=Contact(0, True, v(2, 4), digest(0)))),
        SignSnapshot(v(3, 4), Place.AHEAD),
    ),
    "ahead at the last revision": (
        resumed(replace(AHEAD, contact=Contact(0, True, v(MAX_WHOLE), digest(0)))),
        Rest(Why.NEEDS_ROOT),
    ),
    "we are in a later epoch": (
        replace(FORGOTTEN, top=v(1, 2), newest=v(1, 2)),
        Rest(Why.NEEDS_ROOT),
    ),
    "we are in a later epoch, and it is on its way": (
        replace(FORGOTTEN, top=v(1, 2), newest=v(1, 2), kept=(signed(1, 0, epoch=2),)),
        Rest(Why.SENDING),
    ),
    "different": (DIFFERENT, Rest(Why.NEEDS_CLERK)),
    "different, resumed": (resumed(DIFFERENT), SignSnapshot(v(6), Place.DIFFERENT)),
    "no revision left for a delta": (
        replace(AT_HEAD, top=v(MAX_WHOLE), waiting=URGENT),
        Rest(Why.NEEDS_ROOT),
    ),
    "refused for the manager": (
        refused(replace(BEHIND, waiting=MORE), "mass_removal", 5),
        Rest(Why.NEEDS_MANAGER),
    ),
    "refused for the manager, who has signed": (
        refused(replace(BEHIND, waiting=MORE, kept=(*BEHIND.kept, *RUNNING), newest=v(6)), "mass_removal", 5),
        SignDelta(v(7), None),
    ),
    "refused, damaged": (refused(BEHIND, "digest_mismatch", 5), SignSnapshot(v(6), Place.BEHIND)),
    "refused, damaged, a snapshot": (
        refused(replace(NO_LIST, kept=RUNNING, newest=v(6), top=v(6)), "malformed", 6),
        Rest(Why.REFUSED),
    ),
    "refused": (refused(BEHIND, "unknown_key", 5), Rest(Why.REFUSED)),
    "refused, but something has changed": (
        refused(replace(BEHIND, waiting=MORE), "unknown_key", 5, change=8),
        SignDelta(v(6), None),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_each_case_has_its_action(case: str) -> None:
    now, action = TABLE[case]
    assert plan(now) == action


@given(
    st.sampled_from([now for now, _ in TABLE.values()]),
    st.sampled_from([NOTHING, MORE, URGENT, LARGE, BRAKED, replace(BRAKED, revocations=LOST)]),
    st.builds(Powers, st.booleans(), st.booleans()),
    st.booleans(),
)
def test_no_plan_oversteps_its_keys_or_numbers(
    now: Situation, waiting: Waiting, powers: Powers, clerk: bool
) -> None:
    now = replace(now, waiting=waiting, powers=powers, contact=replace(now.contact, resumed=clerk))
    match plan(now):
        case SignSnapshot(version, place):
            assert powers.list_key
            assert version > max(now.top, now.newest, now.contact.version or v(0))
            assert clerk or place not in (Place.AHEAD, Place.DIFFERENT)
        case SignDelta(version, revocations):
            assert powers.list_key or (powers.online_key and revocations)
            assert version > max(now.top, now.newest)
            assert not waiting.braked or revocations == waiting.revocations != ()
            assert locate(now) in (Place.AT_HEAD, Place.BEHIND)
        case Adopt(snapshot):
            assert (snapshot.version, snapshot.digest) == (now.contact.version, now.contact.digest)
        case Rest():
            pass
