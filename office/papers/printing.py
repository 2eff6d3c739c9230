"""A template becomes a PDF; nothing is fetched, whatever the template or the data says."""

from __future__ import annotations

from collections.abc import Mapping

from django.template.loader import render_to_string

from office.papers.fonts import chosen_font, legible


def render(template: str, shown: Mapping[str, object], *, plain: bool = False) -> bytes:
    """The PDF of a form; ``plain``: not compressed, for tests to read.

    Raises:
        OfficeError: no font with Chinese characters is installed.
    """
    import weasyprint  # noqa: PLC0415 - a second and a half, which only printing costs

    font = chosen_font()
    page = render_to_string(template, {**shown, "font": font.family})
    # Signatures and codes lie in the page itself; a template or a name that points elsewhere gets nothing.
    fetcher = weasyprint.URLFetcher(allowed_protocols=("data",))
    pdf: bytes = weasyprint.HTML(string=legible(page, font), url_fetcher=fetcher).write_pdf(
        uncompressed_pdf=plain
    )
    return pdf
