"""The official forms: every character has a glyph in the embedded font, and what must be printed is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import weasyprint
from django.conf import settings
from django.test import override_settings
from django.utils import translation

from office.casework.actor import Actor
from office.casework.loss import Report, report_loss, review
from office.casework.replacement import approve, authorise_replacement, sign_for_replacement, tell_holder
from office.casework.statistics import card_statistics
from office.demo.names import SURNAMES
from office.demo.people_at_work import STAFF
from office.errors import OfficeError
from office.papers import fonts, forms
from office.papers.fonts import KNOWN, Font, chosen_font, legible, missing
from office.papers.printing import render
from office.registry.models import (
    Application,
    ArchivedForm,
    Form,
    Issue,
    LossCase,
    LossKind,
    Person,
    RelationKind,
    SignatureKind,
    StaffRole,
    StopReceipt,
)
from tests.office.casework.moving import announce, days, move_in, new_slip
from tests.support.office_estate import NORTH, NOW, OfficeEstate

TEMPLATES = Path(__file__).parents[3] / "office" / "desk" / "templates" / "papers"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


@pytest.fixture
def estate(db: None) -> OfficeEstate:
    """A small estate."""
    return OfficeEstate()


@pytest.fixture
def clerk(estate: OfficeEstate) -> Actor:
    """A desk clerk."""
    return estate.staff(StaffRole.CLERK)


@pytest.fixture
def case(estate: OfficeEstate, clerk: Actor) -> LossCase:
    """A closed case with one gate's receipt, the other gate's still missing."""
    issue = estate.issue_card(clerk)
    opened = report_loss(clerk, issue.pk, estate.applicant, Report(LossKind.LOST, "在公交车上遗失"))
    review(estate.staff(StaffRole.REVIEWER), opened.pk)
    new = approve(estate.staff(StaffRole.MANAGER), opened.pk).replacement
    assert new is not None
    estate.pay(clerk, new)
    authorise_replacement(clerk, opened.pk, estate.next_chip(), "No.000777")
    tell_holder(clerk, opened.pk, "telephone", "已通知")
    sign_for_replacement(clerk, opened.pk, estate.applicant, SignatureKind.SCREEN, PNG)
    StopReceipt.objects.create(case=opened, gate_id=NORTH, refused_since=NOW, exact=True)
    return LossCase.objects.get(pk=opened.pk)


def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages as the library that makes the PDF is given them, in order of printing."""
    pages: list[str] = []

    class Watched(weasyprint.HTML):  # type: ignore[misc] # the library has no types
        def __init__(self, *, string: str, url_fetcher: object) -> None:
            pages.append(string)
            super().__init__(string=string, url_fetcher=url_fetcher)

    monkeypatch.setattr(weasyprint, "HTML", Watched)
    return pages


def check_pdf(pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) < 400_000, "the font is embedded as a subset"


@pytest.mark.real_part("a font with Chinese characters")
def test_every_character_of_templates_and_shipped_data_has_a_glyph(db: None) -> None:
    font = chosen_font()
    texts = [one.read_text("utf-8") for one in TEMPLATES.glob("*.html")]
    assert len(texts) >= 8
    texts += [*forms.NAMES.values(), SURNAMES, *(title for title, _ in STAFF.values())]
    texts += [str(one) for one in RelationKind.objects.values_list("name_zh", flat=True)]
    for language in ("zh-hans", "en"):
        with translation.override(language):
            texts += [str(label) for model in (Issue, LossCase) for label in labels(model)]
    assert missing("".join(texts), font) == set()


def labels(model: type[Issue | LossCase]) -> list[str]:
    return [str(label) for field in model._meta.concrete_fields for _, label in field.flatchoices]


@pytest.mark.real_part("a font with Chinese characters")
def test_the_font_is_embedded_and_a_character_that_it_lacks_is_named(estate: OfficeEstate) -> None:
    font = chosen_font()
    lacking = "\U0003134a"
    assert missing(lacking, font) == {lacking}
    assert legible(f"王{lacking}", font) == "王[U+3134A]"
    shown = {"form": "KH-00", "name": "王", "archived": None}
    pdf = render("papers/base.html", shown, plain=True)
    assert b"/FontFile" in pdf
    names = set(re.findall(rb"/BaseFont /([A-Za-z0-9+-]+)", pdf))
    family = font.family.replace(" ", "-").encode()
    assert names
    assert all(one.partition(b"+")[2].startswith(family) for one in names), names


def test_without_a_font_the_cure_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "KNOWN", (Font("none", tmp_path / "none.ttc", 0),))
    with pytest.raises(OfficeError, match="apt-get install fonts-noto-cjk"):
        chosen_font()
    assert KNOWN[0].family == "Noto Sans CJK SC"


@pytest.mark.real_part("a font with Chinese characters")
def test_13_1_the_application_has_who_applies_and_each_relation(
    estate: OfficeEstate, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = printed(monkeypatch)
    Person.objects.filter(pk=estate.applicant.pk).update(name="陈<b>一</b>", phone="10000000001")
    estate.apply(clerk, "self", "child")
    check_pdf(forms.application_form(Application.objects.get()))
    (page,) = pages
    for word in (
        "住户智能卡办理申请表",
        "KH-03-R04",
        "陈&lt;b&gt;一",
        "10000000001",
        "子女",
        "40.00",
        "129.99",
    ):
        assert word in page, word


@pytest.mark.real_part("a font with Chinese characters")
def test_14_4_14_10_the_record_has_the_receipts_and_the_archive_number(
    case: LossCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = printed(monkeypatch)
    check_pdf(forms.loss_record(case))
    check_pdf(forms.loss_report(case))
    record, report = pages
    number = str(ArchivedForm.objects.get(form=Form.LOSS_RECORD))
    for word in (
        "智能卡挂失/报损操作记录",
        number,
        "north",
        "2026-11-26 14:00:00",
        "准确",
        "south",
        "尚无回执",
    ):
        assert word in record, word
    assert "data:image/png;base64," in record
    for word in ("智能卡挂失/报损申请书", "KH-14-R01-2026-00001", "在公交车上遗失", "■ 挂失", "无储值账户"):
        assert word in report, word


@pytest.mark.real_part("a font with Chinese characters")
def test_13_7_the_statistics_are_printed(
    estate: OfficeEstate, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.issue_card(clerk)
    pages = printed(monkeypatch)
    check_pdf(forms.card_statistics(card_statistics(2026, NOW)))
    assert "住户智能卡统计表" in pages[0]
    assert "1栋" in pages[0]


@pytest.mark.real_part("a font with Chinese characters")
def test_nothing_is_fetched(tmp_path: Path, db: None) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    page = f'<img src="file://{secret}"><img src="http://[::1]:1/">'
    (tmp_path / "fetching.html").write_text(page, "utf-8")
    with override_settings(TEMPLATES=[{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]):
        pdf = render("fetching.html", {}, plain=True)
    assert b" re\n" not in pdf.replace(b"\r", b"\n"), "the rectangle of the file is not drawn"


@pytest.mark.real_part("a font with Chinese characters")
def test_15_1_15_2_15_3_the_forms_of_a_move(
    estate: OfficeEstate, clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = printed(monkeypatch)
    tenancy, _ = move_in(estate, clerk, days(200))
    move = announce(estate, clerk, days(5))
    slip = new_slip(estate, clerk)
    check_pdf(forms.move_in(tenancy))
    check_pdf(forms.move_out(move))
    check_pdf(forms.release_slip(slip))
    register, away, out = pages
    assert "入伙客户情况登记表" in register
    assert "入伙客户情况登记表-2026-00001" in register
    assert "KH-15-IN" not in register  # the procedures give the register no number
    for word in ("客户搬出登记表", "陈一", "2026年12月1日", "不影响放行、门禁卡及出入"):
        assert word in away, word
    for word in (
        "放行条",
        "KH-09-R02-2026-00001",
        "2 sofas",
        "粤B12345",
        "仅此一处",
        "data:image/svg+xml;base64,",
    ):
        assert word in out, word
