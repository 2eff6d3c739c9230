"""The desk as a WSGI application; `python -m office serve` runs it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.site.settings")
application = get_wsgi_application()
