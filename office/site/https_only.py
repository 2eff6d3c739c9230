"""Where browsers come by HTTPS, a request that did not is told so, before a form of it is refused."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_TOLD = """\
This desk is opened by HTTPS: https://{host}/
Whoever came that way reached a proxy that does not say so. Let it send X-Forwarded-Proto, and give its
address to serve: --proxy (docs/office.md, "On a server").
"""


class HttpsOnly:
    """Middleware, before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page, or 403 with what to do."""
        if request.is_secure():
            return self._get_response(request)
        return HttpResponse(
            _TOLD.format(host=settings.ALLOWED_HOSTS[0]), status=403, content_type="text/plain; charset=utf-8"
        )
