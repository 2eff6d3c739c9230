"""What the office manager settles: the policy, and which relations are direct (13.4.1)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from office.casework.actor import Actor
from office.casework.trail import record
from office.registry.models import Policy, RelationKind, StaffRole

RULE = "0.policy"


@transaction.atomic
def change_policy(actor: Actor, values: Mapping[str, object]) -> Policy:
    """Change settings; the trail says what each was and is. Cards that exist are never touched by it."""
    actor.must_be(StaffRole.MANAGER, RULE)
    now = Policy.objects.select_for_update().first() or Policy()
    changed = {name: value for name, value in values.items() if getattr(now, name) != value}
    told = {name: [str(getattr(now, name)), str(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(now, name, value)
    now.save()
    if told:
        record(actor.at, actor.user, RULE, "policy changed", "policy", **told)
    return now


@transaction.atomic
def set_direct(actor: Actor, code: str, *, direct: bool) -> RelationKind:
    """Whether holders in this relation count as direct relatives; quotas follow at once (13.4.1)."""
    actor.must_be(StaffRole.MANAGER, "13.4.1")
    kind = RelationKind.objects.select_for_update().get(pk=code)
    if kind.direct != direct:
        kind.direct = direct
        kind.save(update_fields=["direct"])
        record(actor.at, actor.user, "13.4.1", "relation set", f"relation:{code}", direct=direct)
    return kind
