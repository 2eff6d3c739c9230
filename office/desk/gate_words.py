"""What a gate tells of itself (`terminal.agent.status`) and why it waits, in words of the page's language.

What has no word here is shown as the gate told it: a newer gate says more than an older office knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from office.hub.planner import Why

_NAMES: Final[Mapping[str, Promise]] = {
    "clock": pgettext_lazy("gate", "clock"),
    "gate": pgettext_lazy("gate", "control program"),
    "maintenance": pgettext_lazy("gate", "maintenance mode"),
    "log lost": pgettext_lazy("gate", "log records lost"),
    "log error": pgettext_lazy("gate", "log error"),
}
_PARTS: Final[Mapping[str, Promise]] = {
    "reader": pgettext_lazy("gate", "reader"),
    "door": pgettext_lazy("gate", "door"),
    "input": pgettext_lazy("gate", "input"),
    "refused": pgettext_lazy("gate", "refused statements"),
}
_VALUES: Final[Mapping[str, Promise]] = {
    "trusted": pgettext_lazy("gate", "right"),
    "suspect": pgettext_lazy("gate", "doubtful"),
    "unknown": pgettext_lazy("gate", "unknown"),
    "running": pgettext_lazy("gate", "running"),
    "away": pgettext_lazy("gate", "away"),
    "ok": pgettext_lazy("gate", "in order"),
    "quiet": pgettext_lazy("gate", "at rest"),
    "active": pgettext_lazy("gate", "active"),
    "open": pgettext_lazy("gate", "open"),
    "closed": pgettext_lazy("gate", "closed"),
    "opening": pgettext_lazy("gate", "opening"),
    "closing": pgettext_lazy("gate", "closing"),
    "stopped": pgettext_lazy("gate", "stopped"),
    "held_soon": pgettext_lazy("gate", "open for long"),
    "held": pgettext_lazy("gate", "held open"),
    "forced": pgettext_lazy("gate", "forced open"),
    "locked": pgettext_lazy("gate", "locked"),
    "unlocked": pgettext_lazy("gate", "unlocked"),
    "normal": pgettext_lazy("gate", "normal mode"),
    "free": pgettext_lazy("gate", "free access"),
    "lockdown": pgettext_lazy("gate", "lockdown"),
    "alarm none": pgettext_lazy("gate", "no alarm"),
    "alarm None": pgettext_lazy("gate", "no alarm"),
    "alarm forced": pgettext_lazy("gate", "alarm: forced"),
    "alarm held": pgettext_lazy("gate", "alarm: held open"),
    "alarm held_soon": pgettext_lazy("gate", "open for long"),
}
_WHY: Final[Mapping[str, Promise]] = {
    Why.STRUCK_OFF: pgettext_lazy("gate", "struck off"),
    Why.PLANNED: pgettext_lazy("gate", "planned: it has not enrolled yet"),
    Why.NO_CONTACT: pgettext_lazy("gate", "not connected"),
    Why.IN_SYNC: pgettext_lazy("gate", "in sync"),
    Why.SENDING: pgettext_lazy("gate", "on its way"),
    Why.NEEDS_MANAGER: pgettext_lazy("gate", "waits for the manager's signature"),
    Why.NEEDS_LIST_KEY: pgettext_lazy("gate", "waits for the list key"),
    Why.NEEDS_ROOT: pgettext_lazy("gate", "waits for the root key"),
    Why.REFUSED: pgettext_lazy("gate", "the gate refused it; the technician looks why"),
    Why.NEEDS_CLERK: pgettext_lazy(
        "gate", "waits for a decision: the gate has a list that this office does not know"
    ),
    "has not spoken": pgettext_lazy("gate", "has not spoken for a while"),
}


def fact_words(fact: tuple[str, str] | str) -> tuple[str, str]:
    """Name and value of one fact, in words; a text such as ``clock: suspect`` is taken apart first."""
    name, told = fact.split(": ", 1) if isinstance(fact, str) else fact
    part, _, which = name.partition(" ")
    if name in _NAMES:
        name = str(_NAMES[name])
    elif which and part in _PARTS:
        name = f"{_PARTS[part]} {which}"
    return name, value_words(told)


def why_word(why: str) -> str:
    """Why a gate is not in sync."""
    said = _WHY.get(why)
    return why if said is None else str(said)


def value_words(told: str) -> str:
    """One value in words; a cause behind a colon stays as it was told."""
    whole = _VALUES.get(told)
    if whole is not None:
        return str(whole)
    head, colon, cause = told.partition(": ")
    if colon and head in _VALUES:
        return f"{_VALUES[head]}: {cause}"
    return _listed(str(_VALUES.get(one, one)) for one in told.split(", "))


def _listed(words: Iterable[str]) -> str:
    return str(_(", ")).join(words)
