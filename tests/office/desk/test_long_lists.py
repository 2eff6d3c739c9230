"""Lists of hundreds of choices: the same choices, values and marks as Django's own widgets."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django import forms

from office.desk.long_lists import LongCheckboxes, LongSelect

CHOICES = [("", "all"), (1, "north & <south>"), (2, "2栋 1单元门"), ("x\"'", "quoted \"'")]


class Tags(HTMLParser):
    """Every tag with its attributes, and every text, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())


class Own(forms.Form):
    """By Django's widgets."""

    one = forms.ChoiceField(choices=CHOICES, initial=2, widget=forms.Select(attrs={"class": "wide"}))
    either = forms.ChoiceField(choices=CHOICES, required=False)
    some = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple, initial=[1, 2])


class Long(forms.Form):
    """By ours."""

    one = forms.ChoiceField(choices=CHOICES, initial=2, widget=LongSelect(attrs={"class": "wide"}))
    either = forms.ChoiceField(choices=CHOICES, required=False, widget=LongSelect)
    some = forms.MultipleChoiceField(choices=CHOICES, widget=LongCheckboxes, initial=[1, 2])


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"one": "1", "either": "x\"'", "some": ["2", "x\"'"]},
        {"one": "no such", "either": "", "some": ["<b>"]},
    ],
)
def test_what_a_browser_sees_is_the_same(given: dict[str, object] | None) -> None:
    own, ours = Own(given), Long(given)
    for name in own.fields:
        assert Tags(str(ours[name])).found == Tags(str(own[name])).found


def test_no_template_is_rendered() -> None:
    class Nothing:
        def render(self, *_args: object, **_kwargs: object) -> str:
            raise AssertionError("a template was rendered")

    assert "2栋" in LongSelect(choices=CHOICES).render("one", None, renderer=Nothing())  # type: ignore[arg-type]
    assert "2栋" in LongCheckboxes(choices=CHOICES).render("one", None, renderer=Nothing())  # type: ignore[arg-type]
