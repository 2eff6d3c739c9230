"""Every page of every role: usable without a mouse or good eyes, in the reader's language, no dead ends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from office.demo.people_at_work import STAFF
from tests.support.desk_walk import Page, client_of, fill_estate, walk
from tests.support.page_reader import LATIN, PageReader

ROLES: Final = ("clerk", "reviewer", "manager", "guard", "maintenance", "administrator")
FEWEST_PAGES: Final = {"clerk": 60, "manager": 25, "guard": 20}
FIXED: Final = re.compile(
    r"KH-\d\d(-[RI][0-9N]+)?|Gatehouse|PDF|CSV|XLSX|PNG|QR|UTC|ISO1\w+|EM4100|WIEGAND|English|"
    r"python -m office \w+|[0-9A-F]{6,}|1[34]\.[\d.]*[a-z_]+|[a-z_]+:\d+|^movements$|^order$"
)
"""Official numbers, formats, commands, chips' numbers, rule ids: the same in both languages."""
FROM_GATES: Final = re.compile(r"/(gates|events)/")
"""Readers and doors are called what the gate's configuration calls them."""


def faults_of(page: Page) -> list[str]:
    found = [] if page.status in {200, 302} else [f"answers {page.status}"]
    return found + (page.read.faults() if page.html else [])


def english_left(page: Page) -> list[str]:
    """Texts of a Chinese page with words that nobody has translated; sign-in names are their owners'."""
    if FROM_GATES.search(page.address):
        return []
    return [one[:80] for one in page.read.words if set(LATIN.findall(FIXED.sub("", one))) - set(STAFF)]


@pytest.mark.django_db
def test_every_page_of_every_role_can_be_used_is_chinese_and_leads_on(tmp_path: Path) -> None:
    fill_estate(tmp_path)
    faults: dict[str, set[str]] = {}
    for role in ROLES:
        pages = list(walk(client_of(role, "zh-hans")))
        assert len(pages) >= FEWEST_PAGES.get(role, 10)
        for page in pages:
            for one in [*faults_of(page), *english_left(page)]:
                faults.setdefault(one, set()).add(f"{role} {page.address}")
    assert faults == {}


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("<h1>a</h1><h1>b</h1>", "2 headings of the first level"),
        ("<h1>a</h1><h3>b</h3>", "from heading 1 to 3"),
        ("<h1>a</h1><form><input name=x></form>", "x without a label"),
        ("<h1>a</h1><form><label for=y>z</label><select name=x id=x></select></form>", "x without a label"),
        ("<h1>a</h1><table><tbody><tr><td>1</td></tr></tbody></table>", "a table without headings"),
        (
            "<h1>a</h1><table><thead><tr><th>a<th>b</tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
            "1 cells under 2",
        ),
        ("<h1>a</h1><button></button>", "button without a name"),
        ("<h1>a</h1><img src=x>", "img without alt"),
        ("<h1 id=a>a</h1><p id=a></p>", "id a twice"),
        ("<h1 style='x'>a</h1>", "inline style or script at h1"),
    ],
)
def test_the_reader_sees_what_is_wrong(broken: str, fault: str) -> None:
    page = '<html lang="en"><head><title>x · Gatehouse</title></head><body>{}</body></html>'
    assert PageReader(page.format(broken)).faults() == [fault]
    good = "<h1>a</h1><form><label>z <input name=x></label><label for=y>w</label><input id=y name=y></form>"
    assert PageReader(page.format(good)).faults() == []
