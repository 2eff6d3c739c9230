"""Filters for every template of the desk: codes of the records in words, and what staff are called."""

from __future__ import annotations

from django import template
from django.contrib.auth.models import AbstractUser

from office.desk.gate_words import fact_words, why_word
from office.desk.trail_words import action_word, subject_page, subject_word

register = template.Library()


@register.filter
def named(user: AbstractUser | None) -> str:
    """What a member of staff is called: the name, else the sign-in name; nobody is nothing."""
    return "" if user is None else user.get_full_name() or user.get_username()


register.filter("fact_words", fact_words)
register.filter("why_word", why_word)
register.filter("action_word", action_word)
register.filter("subject_word", subject_word)
register.filter("subject_page", subject_page)
