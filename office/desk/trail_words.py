"""What the audit trail's entries say, in words of the page's language; the trail itself keeps codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

ACTIONS: Final[Mapping[str, Promise]] = {
    "account closed": pgettext_lazy("trail", "account closed"),
    "account opened": pgettext_lazy("trail", "account opened"),
    "activity applied for": pgettext_lazy("trail", "activity applied for"),
    "activity approved": pgettext_lazy("trail", "activity approved"),
    "activity refused": pgettext_lazy("trail", "activity refused"),
    "alarm acknowledged": pgettext_lazy("trail", "alarm taken"),
    "alarm cleared": pgettext_lazy("trail", "alarm dealt with"),
    "alarm raised": pgettext_lazy("trail", "alarm raised"),
    "application": pgettext_lazy("trail", "application taken in"),
    "archived": pgettext_lazy("trail", "archived"),
    "balance spoken of": pgettext_lazy("trail", "balance put to the holder"),
    "banner applied for": pgettext_lazy("trail", "banner applied for"),
    "banner approved": pgettext_lazy("trail", "banner approved"),
    "banner removed": pgettext_lazy("trail", "banner removed"),
    "banner reviewed": pgettext_lazy("trail", "banner reviewed"),
    "card found": pgettext_lazy("trail", "card found"),
    "cards taken over": pgettext_lazy("trail", "cards taken over"),
    "case approved": pgettext_lazy("trail", "case approved"),
    "case closed": pgettext_lazy("trail", "case closed"),
    "case reviewed": pgettext_lazy("trail", "case reviewed"),
    "checked": pgettext_lazy("trail", "checked by maintenance"),
    "chip assigned": pgettext_lazy("trail", "chip assigned"),
    "clock confirmed": pgettext_lazy("trail", "office clock confirmed"),
    "complaint": pgettext_lazy("trail", "complaint recorded"),
    "day closed": pgettext_lazy("trail", "till of the day closed"),
    "deputy ended": pgettext_lazy("trail", "deputy ended"),
    "deputy named": pgettext_lazy("trail", "deputy named"),
    "door exceptions ended": pgettext_lazy("trail", "door exceptions ended"),
    "door mode approved": pgettext_lazy("trail", "door mode approved"),
    "doors taken over": pgettext_lazy("trail", "doors taken over"),
    "events purged": pgettext_lazy("trail", "events purged"),
    "exception ended": pgettext_lazy("trail", "door exception ended"),
    "exception set": pgettext_lazy("trail", "door exception set"),
    "first inquirer": pgettext_lazy("trail", "first inquirer named"),
    "found card restored": pgettext_lazy("trail", "found card restored"),
    "given out to be signed": pgettext_lazy("trail", "mass change given out to be signed"),
    "goods checked": pgettext_lazy("trail", "goods checked"),
    "holiday dropped": pgettext_lazy("trail", "holiday removed"),
    "holiday set": pgettext_lazy("trail", "holiday set"),
    "holder told": pgettext_lazy("trail", "holder told"),
    "incident opened": pgettext_lazy("trail", "incident opened"),
    "incident reported": pgettext_lazy("trail", "incident reported"),
    "issue activate": pgettext_lazy("trail", "card activated"),
    "issue collect": pgettext_lazy("trail", "card collected"),
    "issue find": pgettext_lazy("trail", "card found"),
    "issue lift": pgettext_lazy("trail", "suspension lifted"),
    "issue pay": pgettext_lazy("trail", "card paid"),
    "issue replace": pgettext_lazy("trail", "card replaced"),
    "issue report_damaged": pgettext_lazy("trail", "card reported damaged"),
    "issue report_lost": pgettext_lazy("trail", "card reported lost"),
    "issue restore": pgettext_lazy("trail", "card restored"),
    "issue sign": pgettext_lazy("trail", "card signed for"),
    "issue suspend": pgettext_lazy("trail", "card suspended"),
    "issue withdraw": pgettext_lazy("trail", "card withdrawn"),
    "leaving checklist": pgettext_lazy("trail", "leaving checklist"),
    "ledger entry": pgettext_lazy("trail", "stored value booked"),
    "legal hold ended": pgettext_lazy("trail", "legal hold ended"),
    "legal hold set": pgettext_lazy("trail", "legal hold set"),
    "lift booked": pgettext_lazy("trail", "lift booked"),
    "membership added": pgettext_lazy("trail", "added to a unit"),
    "membership ended": pgettext_lazy("trail", "membership ended"),
    "merchant card": pgettext_lazy("trail", "merchant card applied for"),
    "merchant left": pgettext_lazy("trail", "merchant left"),
    "merchant registered": pgettext_lazy("trail", "merchant registered"),
    "move announced": pgettext_lazy("trail", "move announced"),
    "move called off": pgettext_lazy("trail", "move called off"),
    "move put off": pgettext_lazy("trail", "move put off"),
    "moved away": pgettext_lazy("trail", "moved away"),
    "movements exported": pgettext_lazy("trail", "movements exported"),
    "movements viewed": pgettext_lazy("trail", "movements viewed"),
    "not signed: as the register says": pgettext_lazy("trail", "mass change taken back"),
    "notice cleared": pgettext_lazy("trail", "notice cleared"),
    "notice posted": pgettext_lazy("trail", "notice posted"),
    "outage announced": pgettext_lazy("trail", "outage announced"),
    "outage begun": pgettext_lazy("trail", "outage begun"),
    "outage cancelled": pgettext_lazy("trail", "outage cancelled"),
    "outage told": pgettext_lazy("trail", "outage told"),
    "owner consented": pgettext_lazy("trail", "owner consented"),
    "parking right set": pgettext_lazy("trail", "parking right set"),
    "particulars changed": pgettext_lazy("trail", "particulars changed"),
    "password set": pgettext_lazy("trail", "password set"),
    "payment deposit": pgettext_lazy("trail", "deposit paid"),
    "payment fee": pgettext_lazy("trail", "fee paid"),
    "payment refund": pgettext_lazy("trail", "money given back"),
    "payment voided": pgettext_lazy("trail", "receipt voided"),
    "person erased": pgettext_lazy("trail", "person erased"),
    "person registered": pgettext_lazy("trail", "person registered"),
    "personal data given out": pgettext_lazy("trail", "personal data given out"),
    "persons taken over": pgettext_lazy("trail", "persons taken over"),
    "places taken over": pgettext_lazy("trail", "places taken over"),
    "place added": pgettext_lazy("trail", "place added"),
    "place changed": pgettext_lazy("trail", "place changed"),
    "policy changed": pgettext_lazy("trail", "policy changed"),
    "prepared": pgettext_lazy("trail", "residents and departments prepared"),
    "relation set": pgettext_lazy("trail", "relation set"),
    "replacement authorised": pgettext_lazy("trail", "replacement authorised"),
    "reported damaged": pgettext_lazy("trail", "damage reported"),
    "reported lost": pgettext_lazy("trail", "loss reported"),
    "reported suspended": pgettext_lazy("trail", "suspended by telephone"),
    "restoration expected": pgettext_lazy("trail", "restoration expected"),
    "restored": pgettext_lazy("trail", "supply restored"),
    "roles set": pgettext_lazy("trail", "roles set"),
    "settlement recorded": pgettext_lazy("trail", "settlement recorded"),
    "shop inspected": pgettext_lazy("trail", "shop inspected"),
    "sign applied for": pgettext_lazy("trail", "sign applied for"),
    "sign approved": pgettext_lazy("trail", "sign approved"),
    "sign handled": pgettext_lazy("trail", "sign mended or removed"),
    "sign reported": pgettext_lazy("trail", "sign reported"),
    "signed": pgettext_lazy("trail", "mass change signed"),
    "site cleared": pgettext_lazy("trail", "site cleared"),
    "slip after_check": pgettext_lazy("trail", "slip: checked afterwards"),
    "slip booked": pgettext_lazy("trail", "slip: booked by a guard's card"),
    "slip cancelled": pgettext_lazy("trail", "slip cancelled"),
    "slip confirmed": pgettext_lazy("trail", "slip: goods compared"),
    "slip issued": pgettext_lazy("trail", "slip issued"),
    "slip moved": pgettext_lazy("trail", "slip moved to another exit"),
    "slip opened": pgettext_lazy("trail", "slip: gate opened"),
    "slip over": pgettext_lazy("trail", "slip: time over"),
    "slip refused": pgettext_lazy("trail", "slip: refused by a guard"),
    "slip used": pgettext_lazy("trail", "slip used up"),
    "staff added": pgettext_lazy("trail", "staff added"),
    "statistics drawn up": pgettext_lazy("trail", "statistics drawn up"),
    "stop confirmed": pgettext_lazy("trail", "gate confirmed the stop"),
    "suspension confirmed": pgettext_lazy("trail", "suspension confirmed"),
    "suspension lifted": pgettext_lazy("trail", "suspension lifted"),
    "temporary card lost": pgettext_lazy("trail", "temporary card lost, deposit decided on"),
    "temporary card lent": pgettext_lazy("trail", "temporary card lent"),
    "tenancy extended": pgettext_lazy("trail", "tenancy extended"),
    "tenancy not extended": pgettext_lazy("trail", "tenancy not extended"),
    "tenant moved in": pgettext_lazy("trail", "tenant moved in"),
    "trips left decided": pgettext_lazy("trail", "trips left decided"),
    "vehicle gone": pgettext_lazy("trail", "vehicle gone"),
    "vehicle registered": pgettext_lazy("trail", "vehicle registered"),
    "words purged": pgettext_lazy("trail", "typed words purged"),
    "work card": pgettext_lazy("trail", "card of a guard or of staff applied for"),
}
_ORDERED: Final[Mapping[str, Promise]] = {
    "ordered ": pgettext_lazy("trail", "order to a gate:"),
    "no answer to ": pgettext_lazy("trail", "no answer to the order:"),
}
_SUBJECTS: Final[Mapping[str, tuple[Promise, str]]] = {
    "account": (pgettext_lazy("trail", "account"), ""),
    "activity": (pgettext_lazy("trail", "activity"), ""),
    "alarm": (pgettext_lazy("trail", "alarm"), ""),
    "application": (pgettext_lazy("trail", "application"), "application"),
    "banner": (pgettext_lazy("trail", "banner"), ""),
    "breaches": (pgettext_lazy("trail", "passages that do not fit"), "breaches"),
    "closing": (pgettext_lazy("trail", "closing of the till"), ""),
    "gate": (pgettext_lazy("trail", "gate"), "gate"),
    "importbatch": (pgettext_lazy("trail", "import"), ""),
    "issue": (pgettext_lazy("trail", "card"), "issue"),
    "lift": (pgettext_lazy("trail", "lift"), ""),
    "losscase": (pgettext_lazy("trail", "case"), "case"),
    "merchant": (pgettext_lazy("trail", "merchant"), ""),
    "move": (pgettext_lazy("trail", "move"), "move"),
    "notice": (pgettext_lazy("trail", "notice"), ""),
    "outage": (pgettext_lazy("trail", "outage"), "outage"),
    "payment": (pgettext_lazy("trail", "payment"), ""),
    "person": (pgettext_lazy("trail", "person"), "person"),
    "place": (pgettext_lazy("trail", "place"), "place"),
    "policy": (pgettext_lazy("trail", "policy"), ""),
    "relation": (pgettext_lazy("trail", "relation"), ""),
    "sign": (pgettext_lazy("trail", "sign"), ""),
    "slip": (pgettext_lazy("trail", "release slip"), "slip"),
    "statistics": (pgettext_lazy("trail", "statistics"), ""),
    "tenancy": (pgettext_lazy("trail", "tenancy"), ""),
    "user": (pgettext_lazy("trail", "member of staff"), ""),
    "vehicle": (pgettext_lazy("trail", "vehicle"), "vehicle"),
}
"""By kind: its word, and the name of its page if it has one."""


def action_word(action: str) -> str:
    """What was done; a code that has no word is shown as it is."""
    for start, said in _ORDERED.items():
        if action.startswith(start):
            return f"{said} {action.removeprefix(start)}"
    return str(ACTIONS.get(action, action))


def subject_word(subject: str) -> str:
    """What it was done to, such as ``card #17``."""
    kind, colon, number = subject.partition(":")
    known = _SUBJECTS.get(kind)
    if known is None:
        return subject
    return f"{known[0]} #{number}" if colon else str(known[0])


def subject_page(subject: str) -> str:
    """The address of what it was done to; empty if it has no page."""
    kind, _, number = subject.partition(":")
    page = _SUBJECTS.get(kind, ("", ""))[1]
    if kind == "statistics":
        return f"{reverse('statistics')}?year={number.partition('@')[0]}"
    return reverse(page, args=[number]) if page and number.isdecimal() else ""
