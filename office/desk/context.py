"""What every page shows besides its own content."""

from __future__ import annotations

from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, object]:
    """Nothing before somebody is signed in."""
    return {"open_alarms": 0} if request.user.is_authenticated else {}
