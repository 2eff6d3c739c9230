"""What every page shows besides its own content."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from office.desk.requests import acting
from office.desk.views.slips import SEES
from office.registry.models import Alarm


def desk(request: HttpRequest) -> dict[str, object]:
    """Roles and open alarms; nothing before somebody is signed in."""
    if not request.user.is_authenticated:
        return {}
    roles = acting(request).roles
    return {
        "desk_reader": settings.DESK_READER,
        "roles": {one.value for one in roles},
        "sees_slips": not roles.isdisjoint(SEES),
        "open_alarms": Alarm.objects.filter(cleared_at__isnull=True, acknowledged_at__isnull=True).count(),
    }
