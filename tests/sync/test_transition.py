"""What an update changes is laid over the list before it: falling back opens nothing it would not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from msgspec.structs import replace

from sync.brake import Conditions
from sync.delta import Touched
from sync.encoding import decode_record, stored
from sync.records import Access, Grant, GrantKind, Record, RevocationReason, Tombstone
from sync.transition import weigh
from tests.support.estate import NOW, card, resident
from tests.terminal.core.scenes import CARD
from tests.terminal.core.strategies import Tap, record_tuples, taps

ENDED_AT = NOW + 5
ANYWHERE = Conditions(frozenset({1}), frozenset())
GRANT = resident(1)
ENDING = replace(GRANT, valid_until=NOW + 1000)
SECOND = Grant(GRANT.grant_id + 1, GRANT.issue_id, card(1), GrantKind.MERCHANT, (Access(1),))
LOST = Tombstone(GRANT.grant_id, GRANT.issue_id, card(1), RevocationReason.LOST, NOW)
ISSUE_LOST = replace(LOST, grant_id=GRANT.grant_id + 7)
STRICTER = replace(GRANT, access=(Access(2),), uses=1, companion=frozenset({GrantKind.GUARD}))
LATER = replace(GRANT, valid_from=NOW + 2000, valid_until=NOW + 3000)
REPLACED = replace(LOST, reason=RevocationReason.SUPERSEDED)
WITHDRAWN = Tombstone(GRANT.grant_id, GRANT.issue_id, card(1), RevocationReason.WITHDRAWN, ENDED_AT)


def laid_over(before: Iterable[Record], *updates: Iterable[Record]) -> tuple[Record, ...]:
    """What a list says that holds ``before`` and stands in for the last of ``updates``."""
    found = {one.grant_id: stored(one) for one in before}
    rows = sorted(found.values())
    for after in updates:
        next_rows = sorted(map(stored, after))
        _, later = weigh([Touched(CARD.key, rows, next_rows)], ANYWHERE, ANYWHERE, ended_at=ENDED_AT)
        found.update({one.grant_id: one for one in later})
        rows = next_rows
    return tuple(decode_record(found[number]) for number in sorted(found))


@given(record_tuples(), taps())
def test_a_list_that_stands_in_opens_nothing_that_the_newest_would_not(
    between: tuple[Record, ...], tap: Tap
) -> None:
    """Both judge by the newest settings; in the list before, each grant opened every door to everybody."""
    wide = [
        Grant(one.grant_id, one.issue_id, CARD, GrantKind.RESIDENT, (Access(1), Access(2)))
        for one in (*between, *tap.records)
    ]
    stands_in = replace(tap, records=laid_over(wide, between, tap.records))
    if stands_in.decide().granted:
        assert tap.decide().granted


@pytest.mark.parametrize(
    ("before", "after", "laid_over"),
    [
        ([GRANT], [LOST], [LOST]),
        ([GRANT], [], [WITHDRAWN]),
        ([GRANT, SECOND], [SECOND], [SECOND, WITHDRAWN]),
        ([GRANT], [GRANT, ISSUE_LOST], [GRANT, ISSUE_LOST]),
        ([GRANT], [ENDING], [ENDING]),
        ([GRANT], [replace(ENDING, schedule=9)], [replace(ENDING, schedule=9)]),
        ([GRANT], [STRICTER], [STRICTER]),
        ([LOST], [GRANT], [GRANT]),
        ([LOST], [REPLACED], [REPLACED]),
        ([ENDING], [GRANT], [GRANT]),
        ([LATER], [ENDING], [ENDING]),
        ([GRANT], [GRANT, SECOND], [GRANT, SECOND]),
        ([GRANT], [GRANT], []),
        ([LOST], [], []),
        ([], [GRANT], []),
    ],
    ids=[
        "lost",
        "gone",
        "one of two gone",
        "the chip lost under an id of its own",
        "moving out",
        "moving out, under another schedule",
        "other doors, fewer uses, a companion",
        "found again",
        "another reason",
        "staying after all",
        "beginning and ending sooner",
        "one more",
        "as before",
        "tombstone no longer needed",
        "new",
    ],
)
def test_what_changes_is_laid_over_the_list_before(
    before: list[Record], after: list[Record], laid_over: list[Record]
) -> None:
    touched = Touched(card(1).key, sorted(map(stored, before)), sorted(map(stored, after)))
    _, later = weigh([touched], ANYWHERE, ANYWHERE, ended_at=ENDED_AT)
    assert [decode_record(one) for one in later] == laid_over
