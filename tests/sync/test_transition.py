"""What an update ends: laid over the list before it, so that falling back revives nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.brake import Conditions
from sync.delta import Touched
from sync.encoding import decode_record, stored
from sync.records import Access, Grant, GrantKind, Record, RevocationReason, Tombstone
from sync.transition import weigh
from tests.support.estate import NOW, card, resident

ENDED_AT = NOW + 5
ANYWHERE = Conditions(frozenset({1}), frozenset())
GRANT = resident(1)
ENDING = replace(GRANT, valid_until=NOW + 1000)
SECOND = Grant(GRANT.grant_id + 1, GRANT.issue_id, card(1), GrantKind.MERCHANT, (Access(1),))
LOST = Tombstone(GRANT.grant_id, GRANT.issue_id, card(1), RevocationReason.LOST, NOW)
ISSUE_LOST = replace(LOST, grant_id=GRANT.grant_id + 7)
LATER = replace(GRANT, valid_from=NOW + 2000, valid_until=NOW + 3000)
REPLACED = replace(LOST, reason=RevocationReason.SUPERSEDED)
WITHDRAWN = Tombstone(GRANT.grant_id, GRANT.issue_id, card(1), RevocationReason.WITHDRAWN, ENDED_AT)


@pytest.mark.parametrize(
    ("before", "after", "laid_over"),
    [
        ([GRANT], [LOST], [LOST]),
        ([GRANT], [], [WITHDRAWN]),
        ([GRANT, SECOND], [SECOND], [WITHDRAWN]),
        ([GRANT], [GRANT, ISSUE_LOST], [ISSUE_LOST]),
        ([GRANT], [ENDING], [ENDING]),
        ([GRANT], [replace(ENDING, schedule=9)], [ENDING]),
        ([LOST], [GRANT], [GRANT]),
        ([LOST], [REPLACED], [REPLACED]),
        ([ENDING], [GRANT], [GRANT]),
        ([LATER], [ENDING], [ENDING]),
        ([GRANT], [replace(GRANT, long_opening=True)], []),
        ([GRANT], [GRANT, SECOND], []),
        ([LOST], [], []),
        ([], [GRANT], []),
    ],
    ids=[
        "lost",
        "gone",
        "one of two gone",
        "the chip lost under an id of its own",
        "moving out",
        "moving out, under another schedule that the list before may not know",
        "found again",
        "another reason",
        "staying after all",
        "beginning and ending sooner",
        "changed otherwise",
        "one more",
        "tombstone no longer needed",
        "new",
    ],
)
def test_what_ends_is_laid_over_the_list_before(
    before: list[Record], after: list[Record], laid_over: list[Record]
) -> None:
    touched = Touched(card(1).key, sorted(map(stored, before)), sorted(map(stored, after)))
    _, ended = weigh([touched], ANYWHERE, ANYWHERE, ended_at=ENDED_AT)
    assert [decode_record(one) for one in ended] == laid_over
