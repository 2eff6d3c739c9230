"""The life of an issue: its table, and what can never happen in any order of steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, OPENS, STEPS, State, Step, after
from office.procedures.rights import ENDS

DEAD = frozenset({State.WITHDRAWN, State.REPLACED, State.COLLECTED})


@given(st.lists(st.sampled_from(Step), max_size=12))
def test_in_no_order_does_a_card_open_unsigned_or_come_back_from_the_dead(steps: list[Step]) -> None:
    state, signed, died = State.APPLIED, False, False
    for step in steps:
        if (state, step) not in STEPS:
            with pytest.raises(RuleError) as refused:
                after(state, step)
            assert refused.value.refused is Refused.WRONG_STATE
            continue
        state = after(state, step)
        signed = signed or step is Step.SIGN
        died = died or state in DEAD
        assert signed or state not in OPENS  # 13.6
        assert not died or state in DEAD  # 14.5


def test_14_5_a_replaced_card_that_is_found_stays_dead() -> None:
    for step in set(Step) - {Step.COLLECT}:
        with pytest.raises(RuleError):
            after(State.REPLACED, step)


def test_every_state_is_reached_and_every_closed_one_has_a_reason_at_the_gates() -> None:
    assert set(STEPS.values()) | {State.APPLIED} == set(State)
    before_gates = {State.APPLIED, State.PAID, State.SIGNED}
    assert set(ENDS) == set(State) - OPENS - before_gates
    assert DEAD.isdisjoint(COUNTS)
