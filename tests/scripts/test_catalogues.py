"""The desk speaks both languages whole: nothing untranslated, guessed, out of date or compiled otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.catalogues import OFFICE, problems, update

pytestmark = [
    pytest.mark.real_part("gettext"),
    pytest.mark.skipif(shutil.which("msgfmt") is None, reason="the Debian package gettext is not installed"),
]


def test_both_languages_say_everything_that_the_sources_say() -> None:
    assert problems(OFFICE) == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An office of one module with one text, translated."""
    office = tmp_path / "office"
    folder = office / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Language: zh_Hans\\n"\n'
    head += '"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'
    (folder / "django.po").write_text(head, "utf-8")
    (office / "desk.py").write_text('print(_("lost"))\n', "utf-8")
    update(office)
    _write(office, 'msgid "lost"\nmsgstr ""', 'msgid "lost"\nmsgstr "遗失"')
    update(office)
    return office


def test_a_text_that_is_not_translated_is_named(small: Path) -> None:
    assert problems(small) == []
    _write(small, "遗失", "")
    assert 'zh_Hans untranslated: msgid "lost"' in problems(small)


def test_a_new_text_in_the_sources_is_named(small: Path) -> None:
    (small / "desk.py").write_text('print(_("lost"), _("found"))\n', "utf-8")
    named = problems(small)
    assert "django.po of zh_Hans is not what the sources say; run scripts/translations" in named
    assert 'zh_Hans untranslated: msgid "found"' in named


def test_a_guess_is_named(small: Path) -> None:
    _write(small, 'msgid "lost"', '#, fuzzy\nmsgid "lost"')
    assert 'zh_Hans only-fuzzy: msgid "lost"' in problems(small)


def test_a_stale_compilation_is_named(small: Path) -> None:
    _write(small, "遗失", "丢失")
    named = "django.mo of zh_Hans is not compiled from its .po; run scripts/translations"
    assert problems(small) == [named]


def _write(office: Path, old: str, new: str) -> None:
    file = office / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
