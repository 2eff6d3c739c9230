"""Time zones in which days are not 24 hours long, or are missing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


APIA = ZoneInfo("Pacific/Apia")
