"""Gates at a glance, a gate's page, and orders for it."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from office.casework.actor import Actor
from office.casework.event_search import EventFilter, page_of
from office.casework.gate_orders import order
from office.casework.gate_views import GateLine, as_built, gate_line, gate_lines
from office.desk.event_lines import lines, names
from office.desk.event_words import ORDER_REASONS, ORDERS
from office.desk.gate_words import fact_words
from office.desk.requests import acting, now, step, whatever_the_clock
from office.desk.views.issues import valid
from office.errors import OfficeError
from office.lists.store import hub_control
from office.procedures.orders import ROLES
from office.registry.models import Alarm, Door
from sync.statements.order_kinds import OrderKind

EVENTS = 20
_MODES = ((1, gettext_lazy("normal")), (2, gettext_lazy("free access")), (3, gettext_lazy("lockdown")))


class OrderForm(forms.Form):
    """Arguments of an order; which ones it needs, its kind says."""

    door = forms.TypedChoiceField(label=gettext_lazy("door"), required=False, coerce=int, empty_value=None)
    reason = forms.ChoiceField(label=gettext_lazy("reason"), choices=ORDER_REASONS.items(), required=False)
    mode = forms.TypedChoiceField(
        label=gettext_lazy("mode"), choices=_MODES, required=False, coerce=int, empty_value=None
    )
    reader = forms.CharField(label=gettext_lazy("reader"), max_length=60, required=False)
    seconds = forms.IntegerField(
        label=gettext_lazy("seconds"), min_value=0, max_value=8 * 3600, required=False
    )

    def __init__(self, *args: object, gate_id: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        doors = Door.objects.filter(gate_id=gate_id).order_by("name").values_list("door_id", "name")
        self.fields["door"].choices = [("", "-"), *doors]  # type: ignore[attr-defined]


NEEDS = {
    OrderKind.OPEN: ("door", "reason"),
    OrderKind.MODE: ("door", "mode", "reason"),
    OrderKind.BLINK: ("door", "reader", "seconds"),
    OrderKind.RESTART_READER: ("reader",),
    OrderKind.FIRE_RESET: (),
    OrderKind.FORGIVE: (),
    OrderKind.MAINTENANCE: ("seconds",),
}
"""Fields of each order's form."""


@require_safe
def gates(request: HttpRequest) -> HttpResponse:
    """All of them."""
    return render(request, "desk/gates.html", _glance())


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The rows alone; the page asks for them every five seconds."""
    return render(request, "desk/parts/gate_rows.html", _glance())


@require_safe
def gate(request: HttpRequest, pk: int) -> HttpResponse:
    """One gate: how it stands, its doors and last events, what it is built of, orders."""
    shown = _one(pk)
    roles = {one.value for one in acting(request).roles}
    allowed = [kind for kind in OrderKind if ROLES[kind] & roles]
    shown |= {
        "orders": [_order_form(kind, pk) for kind in allowed],
        "built": as_built(pk),
        "alarms": Alarm.objects.filter(gate_id=pk, cleared_at__isnull=True).order_by("-last_at")[:EVENTS],
    }
    return render(request, "desk/gate.html", shown)


@require_safe
def gate_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The changing part of a gate's page."""
    return render(request, "desk/parts/gate.html", _one(pk))


@step
@whatever_the_clock
def send_order(request: HttpRequest, actor: Actor, pk: int, kind: str) -> str:
    """Have the gate do something now."""
    try:
        wanted = OrderKind[kind.upper()]
    except KeyError:
        raise Http404 from None
    given = valid(OrderForm(request.POST, gate_id=pk))
    arguments = {name: given[name] for name in NEEDS[wanted] if given[name] not in (None, "")}
    order(actor, hub_control(), pk, wanted, arguments)
    return reverse("gate", args=[pk])


def _order_form(kind: OrderKind, gate_id: int) -> dict[str, object]:
    form = OrderForm(gate_id=gate_id, prefix=None, auto_id=f"{kind.name.lower()}_%s")
    fields = [form[name] for name in NEEDS[kind]]
    return {"name": kind.name.lower(), "words": ORDERS[kind], "fields": fields}


def _glance() -> dict[str, object]:
    found, hub_answers = gate_lines(now())
    known = names()
    rows = [{"line": one, "last": None if one.last is None else lines([one.last], known)[0]} for one in found]
    return {"rows": rows, "hub_answers": hub_answers}


def _one(gate_id: int) -> dict[str, object]:
    try:
        found, hub_answers = gate_line(gate_id, now())
    except OfficeError:
        raise Http404 from None
    recent, _end = page_of(EventFilter(gate=gate_id), EVENTS)
    return {
        "line": found,
        "doors": _doors(found),
        "events": lines(recent),
        "hub_answers": hub_answers,
    }


def _doors(found: GateLine) -> list[dict[str, object]]:
    """Doors of the registry, with what the gate says of those that it calls by the same name."""
    facts = found.facts or {}
    return [
        {
            "name": one.name,
            "serves": one.serves,
            "exit_for_slips": one.exit_for_slips,
            "told": fact_words(("", facts.get(f"door {one.name}", "")))[1],
        }
        for one in Door.objects.filter(gate_id=found.gate.gate_id).select_related("serves").order_by("name")
    ]
