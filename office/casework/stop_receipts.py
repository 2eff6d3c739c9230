"""Rule 14.4: each gate's receipt of a stop is attached to the case's record (KH-14-R02) as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.db import transaction

from office.casework.trail import record
from office.hub.clerk_steps import CardReport, card_report
from office.lists.store import hub_store
from office.procedures.issue_states import OPENS, State
from office.registry.models import GateSite, LossCase, StopReceipt

A_ROUND: Final = 20


def attach_receipts(now: datetime, after: int = 0, *, at_most: int = A_ROUND) -> int:
    """Look at some cases whose stop is not confirmed everywhere; from which to go on, 0: from the first."""
    waiting = LossCase.objects.filter(stop_confirmed=False, pk__gt=after).order_by("pk")
    found = list(waiting.values_list("pk", flat=True)[:at_most])
    for case_id in found:
        _attach(now, case_id)
    return found[-1] if len(found) == at_most else 0


def missing_gates(case: LossCase) -> list[str]:
    """Names of the gates that have not confirmed the stop."""
    if case.stop_confirmed or State(case.issue.state) in OPENS:
        return []
    reports = card_report(hub_store(), issue_id=case.issue_id)
    gates = {one.confirmation.gate_id for one in reports}
    confirmed = set(case.receipts.values_list("gate_id", flat=True))
    names = dict(GateSite.objects.values_list("gate_id", "name"))
    return [names.get(one, str(one)) for one in sorted(gates - confirmed)]


@transaction.atomic
def _attach(now: datetime, case_id: int) -> None:
    case = LossCase.objects.select_for_update(of=("self",)).select_related("issue").get(pk=case_id)
    if State(case.issue.state) in OPENS:  # found or lifted: there is no stop any more
        LossCase.objects.filter(pk=case_id).update(stop_confirmed=True)
        return
    by_gate: dict[int, list[CardReport]] = {}
    for one in card_report(hub_store(), issue_id=case.issue_id):
        by_gate.setdefault(one.confirmation.gate_id, []).append(one)
    known = set(case.receipts.values_list("gate_id", flat=True))
    for gate_id in sorted(by_gate.keys() - known):
        since = _stopped_since(by_gate[gate_id])
        if since is not None:
            _receipt(now, case, gate_id, *since)
            known.add(gate_id)
    if by_gate.keys() <= known:
        LossCase.objects.filter(pk=case_id).update(stop_confirmed=True)


def _stopped_since(reports: Sequence[CardReport]) -> tuple[int, bool] | None:
    """Since when a gate refuses the card under every form in which its readers see it."""
    latest, exact = 0, True
    for one in reports:
        if one.ended is None or one.confirmation.since is None:
            return None
        latest, exact = max(latest, one.confirmation.since), exact and one.confirmation.exact
    return latest, exact


def _receipt(now: datetime, case: LossCase, gate_id: int, since: int, exact: bool) -> None:
    moment = datetime.fromtimestamp(since, UTC)
    StopReceipt.objects.create(case=case, gate_id=gate_id, refused_since=moment, exact=exact)
    record(now, None, "14.4", "stop confirmed", f"losscase:{case.pk}", gate=gate_id, since=since)
