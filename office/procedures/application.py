"""The lines of KH-03-R04 (rule 13.2): whom the applicant names, each once, with the true relation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from office.procedures.errors import Refused, RuleError

RULE: Final = "13.2"
SELF: Final = "self"
"""Code of the relation of the applicant to themselves."""


def check_lines(
    applicant: int, lines: Sequence[tuple[int, str]], members: Collection[int], relations: Collection[str]
) -> None:
    """Judge each line: holder and relation to the applicant.

    ``members`` belong to the unit today, ``relations`` are the codes of the estate's table.
    ``self`` counts as direct (13.4.1): whoever is somebody else must not be named so.

    Raises:
        RuleError: 13.2, with the number of the line, from 1.
    """
    seen: set[int] = set()
    for number, (holder, relation) in enumerate(lines, start=1):
        if holder not in members:
            raise RuleError(RULE, Refused.HOLDER_NOT_OF_THE_UNIT, line=number)
        if holder in seen:
            raise RuleError(RULE, Refused.NAMED_TWICE, line=number)
        if relation not in relations:
            raise RuleError(RULE, Refused.RELATION_MISSING, line=number)
        if relation == SELF and holder != applicant:
            raise RuleError(RULE, Refused.NOT_THE_APPLICANT, line=number)
        if relation != SELF and holder == applicant:
            raise RuleError(RULE, Refused.IS_THE_APPLICANT, line=number)
        seen.add(holder)
