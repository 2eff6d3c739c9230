"""KH-14 from the manager's approval: the replacement is prepared, paid, collected and signed for."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from office.casework.actor import Actor
from office.casework.cases import as_clerk, close_case, facts_of, holders, locked_case, saved
from office.casework.issue_steps import locked_issue, take
from office.casework.issuing import assign_chip, check_not_over
from office.casework.ledger import account_of
from office.casework.moved_cards import end_as, own_end
from office.casework.payments import paid_in_full
from office.casework.temporary import end_stand_ins
from office.procedures.errors import Refused, RuleError
from office.procedures.issue_states import COUNTS, State, Step
from office.procedures.loss import (
    check_approval,
    check_replaceable,
    check_replacement_signature,
    check_told,
    replacement_fee,
)
from office.registry.models import (
    CaseState,
    Issue,
    IssueState,
    IssueStep,
    LossCase,
    Person,
    Policy,
    Signature,
    SignatureKind,
    StaffRole,
)
from sync.records import Credential


@transaction.atomic
def approve(actor: Actor, case_id: int) -> LossCase:
    """Rules 14.6 and 14.7: the manager approves, and the replacement is prepared: same rights, not sent."""
    actor.must_be(StaffRole.MANAGER, "14.6")
    case, issue = locked_case(case_id)
    check_replaceable(issue.kind)
    check_approval(facts_of(case), actor.user.pk)
    case.state, case.manager, case.approved_at = CaseState.APPROVED, actor.user, actor.at
    case.replacement = _prepare(actor, case, issue)
    return saved(actor, case, "14.6", "case approved", replacement=case.replacement.pk)


@transaction.atomic
def authorise_replacement(actor: Actor, case_id: int, chip: Credential, printed: str = "") -> LossCase:
    """Rule 14.7: the new card gets its chip; gates hear of it with the signature only."""
    actor.must_be(StaffRole.CLERK, "14.7")
    case, _issue = locked_case(case_id)
    as_clerk(actor, case)
    if case.replacement is None or case.state not in {CaseState.APPROVED, CaseState.NOTIFIED}:
        raise RuleError("14.7", Refused.NOT_APPROVED, state=case.state)
    assign_chip(case.replacement, chip, printed)
    return saved(actor, case, "14.7", "replacement authorised")


@transaction.atomic
def tell_holder(actor: Actor, case_id: int, channel: str, result: str) -> LossCase:
    """Rule 14.8: the holder is told to collect; the fee is paid."""
    actor.must_be(StaffRole.CLERK, "14.8")
    case, _issue = locked_case(case_id)
    as_clerk(actor, case)
    check_told(facts_of(case), paid=case.replacement is not None and paid_in_full(case.replacement))
    case.state, case.told_at, case.told_by, case.told_result = CaseState.NOTIFIED, actor.at, channel, result
    return saved(actor, case, "14.8", "holder told")


@transaction.atomic
def sign_for_replacement(
    actor: Actor, case_id: int, signer: Person, kind: SignatureKind, image: bytes | None
) -> LossCase:
    """Rules 14.9 and 14.10: signed, account re-linked, old card replaced, new card active, forms archived."""
    actor.must_be(StaffRole.CLERK, "14.9")
    case, issue = locked_case(case_id)
    as_clerk(actor, case)
    check_replacement_signature(facts_of(case), signer.pk, holders(issue))
    new = case.replacement
    if new is None:
        raise RuleError("14.7", Refused.NOT_APPROVED, state=case.state)
    if not paid_in_full(new):
        raise RuleError("14.5", Refused.FEE_NOT_PAID)
    if new.chip is None:
        raise RuleError("14.7", Refused.NO_CHIP)
    check_not_over(actor, new)
    if State(new.state) is State.APPLIED:  # nothing was due
        take(actor, new, Step.PAY)
    Signature.objects.create(
        issue=new, signer=signer, at=actor.at, kind=kind, witness=actor.user, image=image
    )
    _same_doors(actor, issue, new)
    take(actor, issue, Step.REPLACE)
    take(actor, new, Step.SIGN, signer=signer.pk, kind=kind.value)
    take(actor, new, Step.ACTIVATE)
    account = account_of(issue)
    if account is not None:
        account.issue, account.frozen = new, False
        account.save(update_fields=["issue", "frozen"])
    end_stand_ins(actor.at, actor.user, issue)
    close_case(actor.at, actor.user, case)
    return case


@transaction.atomic
def collect_old_card(actor: Actor, issue_id: int) -> Issue:
    """Rule 14.5: the old card is handed in; it stays dead."""
    actor.must_be(StaffRole.CLERK, "14.5")
    issue = locked_issue(issue_id)
    issue.collected_at = actor.at
    take(actor, issue, Step.COLLECT)
    return issue


def _same_doors(actor: Actor, old: Issue, new: Issue) -> None:
    """Doors by exception as they are on the old card at the signature: some were set or ended meanwhile."""
    new.exceptions.filter(ended=False).update(ended=True)
    for one in old.exceptions.filter(ended=False, until__gt=actor.at):
        new.exceptions.create(
            door=one.door, allows=one.allows, reason=one.reason, until=one.until, clerk=one.clerk
        )


def _prepare(actor: Actor, case: LossCase, old: Issue) -> Issue:
    """The replacement with the old card's rights; it is paid for and signed for like any card (14.6)."""
    fee = replacement_fee(facts_of(case), Policy.current().card_fee)
    # One that was cancelled when the card was found makes room: a card is replaced by one alone.
    Issue.objects.filter(replaces=old).exclude(state__in=[one.value for one in COUNTS]).update(replaces=None)
    new = Issue.objects.create(
        kind=old.kind,
        state=IssueState.APPLIED,
        state_since=actor.at,
        holder=old.holder,
        vehicle=old.vehicle,
        unit=old.unit,
        application=old.application,
        relation=old.relation,
        replaces=old,
        fee=fee,
        valid_from=old.valid_from,
        valid_until=own_end(old),
    )
    new.merchants.set(old.merchants.all())  # with whom it ends when they leave
    new.activities.set(old.activities.all())
    end_as(new, old)
    new.save(update_fields=["valid_until", "moves_out"])
    IssueStep.objects.create(issue=new, state=new.state, at=actor.at, clerk=actor.user, rule="14.6")
    if fee == Decimal(0):
        take(actor, new, Step.PAY)
    return new
