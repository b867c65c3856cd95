"""The text of a document: PDFs through pypdf, plain files as they are.

What pypdf stumbles over is refused, never guessed. A picture of text has none.

Must never: return part of a document's text as if it were all of it, or put its content into an error.
"""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from strongroom.errors import FormatError

PAGES_MAX = 2000
"""More than any model's context holds; a page takes about 10 ms."""

PLAIN = frozenset({"", "application/json", "application/xml", "application/x-ndjson", "application/jsonl",
                   "application/yaml", "application/x-yaml", "application/toml", "application/sql"})  # fmt: skip
PDF = "application/pdf"
_MARK = b"%PDF-"

_BROKEN = (
    PyPdfError, ArithmeticError, AttributeError, LookupError, NotImplementedError, OSError, RecursionError,
    TypeError, ValueError,
)  # fmt: skip
"""A malformed PDF ends in whatever the broken piece of it runs into."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the document


def document_text(data: bytes, mime: str) -> str:
    """The text of `data`, which says it is of type `mime`; raises `FormatError` when there is none to be had."""
    if mime == PDF or data.startswith(_MARK):
        return _pdf_text(data)
    if not mime.startswith("text/") and mime not in PLAIN:
        msg = "text is taken out of PDFs and plain files only"
        raise FormatError(msg)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"not UTF-8 at byte {error.start} of the file"
        raise FormatError(msg) from None
    if "\0" in text:
        msg = "the file is binary"
        raise FormatError(msg)
    return text


def _pdf_text(data: bytes) -> str:
    try:
        pages = _pages(data)
    except _BROKEN as error:
        msg = f"the PDF cannot be read ({type(error).__name__})"
        raise FormatError(msg) from None
    empty = [number for number, page in enumerate(pages, 1) if not page.strip()]
    if empty or not pages:
        msg = f"page {empty[0] if empty else 1} of the PDF has no text: a picture of text cannot be inspected"
        raise FormatError(msg)
    return "\n\n".join(page.strip() for page in pages)


def _pages(data: bytes) -> list[str]:
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        msg = "the PDF is encrypted"
        raise FormatError(msg)
    if len(reader.pages) > PAGES_MAX:
        msg = f"the PDF has more than {PAGES_MAX} pages"
        raise FormatError(msg)
    return [page.extract_text() for page in reader.pages]
