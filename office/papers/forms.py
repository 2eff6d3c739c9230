"""What stands on each form, by its official number."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import segno

from office.casework.payments import balance_paid, fee_due
from office.casework.statistics import CardStatistics
from office.casework.stop_receipts import missing_gates
from office.papers.printing import render
from office.registry.models import (
    Application,
    ArchivedForm,
    Form,
    GateSite,
    LossCase,
    MoveOut,
    Person,
    RelationKind,
    ReleaseSlip,
    Tenancy,
)

NAMES: Final[Mapping[Form, str]] = {
    Form.CARD_APPLICATION: "住户智能卡办理申请表",
    Form.CARD_STATISTICS: "住户智能卡统计表",
    Form.LOSS_REPORT: "智能卡挂失/报损申请书",
    Form.LOSS_RECORD: "智能卡挂失/报损操作记录",
    Form.RELEASE_SLIP: "放行条",
    Form.MOVE_OUT: "客户搬出登记表",
    Form.MOVE_IN: "入伙客户情况登记表",
}
"""The official names; they are Chinese in every language."""
MIN_LINES: Final = 6


def application_form(application: Application) -> bytes:
    """KH-03-R04: who applies for which cards."""
    issues = application.issues.select_related(
        "holder", "vehicle", "relation", "chip", "signature__signer"
    ).order_by("pk")
    lines = [
        {
            "issue": one,
            "relation": _chinese(one.relation),
            "fee": fee_due(one),
            "paid": balance_paid(one),
            "signature": getattr(one, "signature", None),
        }
        for one in issues
    ]
    shown = {
        "application": application,
        "lines": lines,
        "blank": range(max(0, MIN_LINES - len(lines))),
        "total": sum((fee_due(one) for one in issues), Decimal(0)),
    }
    return _print(Form.CARD_APPLICATION, f"application:{application.pk}", "papers/kh-03-r04.html", shown)


def loss_report(case: LossCase) -> bytes:
    """KH-14-R01: the holder reports a card."""
    shown: dict[str, object] = {"case": case, "holder": _holder(case)}
    return _print(Form.LOSS_REPORT, f"losscase:{case.pk}", "papers/kh-14-r01.html", shown)


def loss_record(case: LossCase) -> bytes:
    """KH-14-R02: every operation of the case, with the gates' receipts (14.4)."""
    names = dict(GateSite.objects.values_list("gate_id", "name"))
    receipts = [
        {"gate": names.get(one.gate_id, one.gate_id), "since": one.refused_since, "exact": one.exact}
        for one in case.receipts.order_by("refused_since", "gate_id")
    ]
    signature = getattr(case.replacement, "signature", None)
    image = None if signature is None or signature.image is None else bytes(signature.image)
    shown = {
        "case": case,
        "holder": _holder(case),
        "receipts": receipts,
        "missing": missing_gates(case),
        "steps": case.issue.steps.select_related("clerk"),
        "signature": signature,
        "image": None if image is None else base64.b64encode(image).decode(),
    }
    return _print(Form.LOSS_RECORD, f"losscase:{case.pk}", "papers/kh-14-r02.html", shown)


def card_statistics(found: CardStatistics) -> bytes:
    """KH-13-R01: cards by building, kind, state and month, and fees."""
    return _print(Form.CARD_STATISTICS, found.subject, "papers/kh-13-r01.html", {"found": found})


def release_slip(slip: ReleaseSlip) -> bytes:
    """KH-09-R02: what leaves through which exit, with its code for the guard's reader."""
    code = io.BytesIO()
    segno.make(slip.code, error="m").save(code, kind="svg", scale=4, border=2, xmldecl=False)
    shown = {
        "slip": slip,
        "goods": [one.strip() for one in slip.goods.splitlines() if one.strip()],
        "code": base64.b64encode(code.getvalue()).decode(),
        "book": slip.book.select_related("guard"),
    }
    return _print(Form.RELEASE_SLIP, f"slip:{slip.pk}", "papers/kh-09-r02.html", shown)


def move_out(move: MoveOut) -> bytes:
    """KH-15-R01: who moves away when; the settlement is a record, and holds nothing back."""
    shown = {
        "move": move,
        "persons": move.persons.order_by("pk"),
        "cards": move.cards.select_related("issue__chip", "issue__holder", "issue__vehicle"),
        "settlements": move.settlements.all(),
        "slips": move.slips.all(),
    }
    return _print(Form.MOVE_OUT, f"move:{move.pk}", "papers/kh-15-r01.html", shown)


def move_in(tenancy: Tenancy) -> bytes:
    """The register of a move-in (15.1)."""
    members = tenancy.memberships.select_related("person").order_by("pk")
    shown = {"tenancy": tenancy, "members": members, "blank": range(max(0, MIN_LINES - len(members)))}
    return _print(Form.MOVE_IN, f"tenancy:{tenancy.pk}", "papers/kh-15-in.html", shown)


def _print(form: Form, subject: str, template: str, shown: dict[str, object]) -> bytes:
    archived = ArchivedForm.objects.filter(form=form, subject=subject).first()
    return render(
        template,
        shown
        | {"form": "" if form is Form.MOVE_IN else form.official, "name": NAMES[form], "archived": archived},
    )


def _holder(case: LossCase) -> Person | None:
    if case.issue.holder is not None:
        return case.issue.holder
    return None if case.issue.vehicle is None else case.issue.vehicle.keeper


def _chinese(relation: RelationKind | None) -> str:
    return "" if relation is None else relation.name_zh
