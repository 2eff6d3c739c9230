"""Choices among hundreds of gates, doors or places, written at once: Django renders a template for each.

At two hundred gates that took most of a page's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    """One of many; without groups."""

    def render(
        self,
        name: str,
        value: object,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,  # noqa: ARG002 - nothing is left to render
    ) -> SafeString:
        """The list as Django's own would be."""
        chosen = set(self.format_value(value))
        attributes = flatatt(self.build_attrs({**self.attrs, "name": name}, attrs))
        return mark_safe(f"<select{attributes}>{''.join(_options(self, chosen))}</select>")  # noqa: S308 - escaped below


class LongCheckboxes(forms.CheckboxSelectMultiple):
    """Choices of which several may be ticked, written at once."""

    def render(
        self,
        name: str,
        value: object,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,  # noqa: ARG002 - nothing is left to render
    ) -> SafeString:
        """The boxes as Django's own would be."""
        chosen = set(self.format_value(value))
        given = self.build_attrs(self.attrs, attrs)
        own_id = given.pop("id", None)
        given.pop("required", None)  # of each box it would ask for all
        lines = []
        for number, (key, label) in enumerate(self.choices):
            of_box = {
                "type": "checkbox",
                "name": name,
                "value": str(key),
                "checked": str(key) in chosen,
                "id": f"{own_id}_{number}",
            }
            box = flatatt(of_box | given)
            lines.append(
                format_html('<div><label for="{}"><input{}> {}</label></div>', of_box["id"], box, label)
            )
        return format_html("<div{}>{}</div>", flatatt({"id": own_id}), mark_safe("".join(lines)))  # noqa: S308


def _options(widget: forms.Select, chosen: set[str]) -> Iterator[str]:
    for key, label in widget.choices:
        value = "" if key is None else str(key)
        mark = mark_safe(" selected") if value in chosen else ""
        yield format_html('<option value="{}"{}>{}</option>', value, mark, label)
