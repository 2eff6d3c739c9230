"""An HTML page as a screen reader and a keyboard meet it: headings, labelled fields, tables, links, words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
UNREAD: Final = frozenset({"script", "style", "code"})
NEEDS_NO_LABEL: Final = frozenset({"hidden", "submit", "button"})
LATIN: Final = re.compile(r"[A-Za-z]{3,}")


@dataclass
class Control:
    """One field of a form."""

    name: str
    kind: str
    value: str = ""
    id: str = ""
    label: str = ""
    options: list[str] = field(default_factory=list)
    required: bool = False


@dataclass
class Form:
    """Where it goes, how, and its fields."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    button: tuple[str, str] = ("", "")
    """Name and value of the first button that has them."""


@dataclass
class Table:
    """Widths of its heading and of each row of its body."""

    head: int = 0
    headings: int = 0
    rows: list[int] = field(default_factory=list)


class PageReader(HTMLParser):
    """Reads one page; what is wrong with it is in ``faults()``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.tables: list[Table] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.alerts: list[str] = []
        self.language = self.title = ""
        self._stack: list[tuple[str, dict[str, str]]] = []
        self._labels: dict[str, str] = {}
        self._ids: list[str] = []
        self._nameless: list[str] = []
        self._inline: list[str] = []
        self._named = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element begins."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self._ids.append(given["id"])
        if "style" in given or any(name.startswith("on") for name in given):
            self._inline.append(tag)
        self.words += [given[name] for name in ("placeholder", "aria-label", "alt") if given.get(name)]
        if tag in {"a", "button"}:
            self._pressable(tag, given)
        elif tag in {"html", "img", "h1", "h2", "h3", "h4"}:
            self._plain(tag, given)
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag in {"input", "select", "textarea", "option"}:
            self._control(tag, given)
        elif tag in {"table", "th", "td", "tr"}:
            self._table(tag, given)
        if tag not in VOID:
            self._stack.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        """One element ends; what was not closed inside it ends, too."""
        while self._stack:
            ended, _ = self._stack.pop()
            if ended in {"a", "button"} and not self._named.strip():
                self._nameless.append(f"{ended} without a name")
            if ended == tag:
                return

    def handle_data(self, data: str) -> None:
        """Text."""
        text = data.strip()
        if not text:
            return
        self._named += text
        tags = [tag for tag, _ in self._stack]
        if "title" in tags:
            self.title += text
        for tag, given in self._stack:
            if tag == "label":
                self._label(given, text)
        if any(
            given.get("role") == "alert" or "errorlist" in given.get("class", "") for _, given in self._stack
        ):
            self.alerts.append(text)
        foreign = any(given.get("lang") for tag, given in self._stack if tag != "html")
        if not foreign and not UNREAD.intersection(tags):
            self.words.append(text)

    def faults(self) -> list[str]:
        """What keeps somebody from using this page; empty if nothing does."""
        found = [*self._nameless, *(f"inline style or script at {one}" for one in self._inline)]
        found += (
            [] if self.headings.count(1) == 1 else [f"{self.headings.count(1)} headings of the first level"]
        )
        steps = zip([0, *self.headings], self.headings, strict=False)
        found += [f"from heading {one} to {other}" for one, other in steps if other > one + 1]
        found += [f"id {one} twice" for one in set(self._ids) if self._ids.count(one) > 1]
        found += [] if self.language in {"en", "zh-hans"} else [f"language {self.language!r}"]
        found += [] if self.title.endswith("· Gatehouse") else [f"title {self.title!r}"]
        for form in self.forms:
            for one in form.controls:
                if one.kind not in NEEDS_NO_LABEL and not (one.label or self._labels.get(one.id)):
                    found.append(f"{one.name} without a label")
        for table in self.tables:
            found += [] if table.headings else ["a table without headings"]
            found += [
                f"{one} cells under {table.head}" for one in set(table.rows) - {table.head} if table.head
            ]
        return found

    def _plain(self, tag: str, given: dict[str, str]) -> None:
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "img":
            self._nameless += [] if "alt" in given else ["img without alt"]
        else:
            self.headings.append(int(tag[1]))

    def _pressable(self, tag: str, given: dict[str, str]) -> None:
        self._named = given.get("aria-label", "")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "button" and self.forms and given.get("name") and not self.forms[-1].button[0]:
            self.forms[-1].button = (given["name"], given.get("value", ""))

    def _control(self, tag: str, given: dict[str, str]) -> None:
        if not self.forms:
            return
        controls = self.forms[-1].controls
        if tag == "option":
            controls[-1].options.append(given.get("value", ""))
            if "selected" in given:
                controls[-1].value = given.get("value", "")
            return
        kind = given.get("type", "text") if tag == "input" else tag
        made = Control(given.get("name", ""), kind, given.get("value", ""), given.get("id", ""))
        made.label, made.required = given.get("aria-label", ""), "required" in given
        if given.get("aria-hidden") == "true":
            made.label = "hidden from readers"
        for outer, attributes in self._stack:
            if outer == "label":
                attributes.setdefault("wraps", str(len(controls)))
                made.label = made.label or attributes.get("said", "") or " "
        controls.append(made)

    def _label(self, given: dict[str, str], text: str) -> None:
        given["said"] = given.get("said", "") + text
        if "for" in given:
            self._labels[given["for"]] = given["said"]
        if "wraps" in given and self.forms:
            self.forms[-1].controls[int(given["wraps"])].label = given["said"]

    def _table(self, tag: str, given: dict[str, str]) -> None:
        if tag == "table":
            self.tables.append(Table())
            return
        inside = [one for one, _ in self._stack]
        table, width = self.tables[-1], int(given.get("colspan", "1"))
        if tag == "th":
            table.headings += 1
        if "thead" in inside and tag == "th":
            table.head += width
        elif "tbody" in inside and tag == "tr":
            table.rows.append(0)
        elif "tbody" in inside and table.rows:
            table.rows[-1] += width
