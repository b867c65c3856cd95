from __future__ import annotations

import runpy
from pathlib import Path

from strongroom.classify import Catalogue

ROOT = Path(__file__).parents[3]


def test_the_reference_page_is_what_the_catalogue_says(catalogue: Catalogue) -> None:
    made = runpy.run_path(str(ROOT / "tools" / "make_catalogue_reference.py"), run_name="catalogue_reference")
    page = (ROOT / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")
    assert page == made["page"](catalogue), "run python tools/make_catalogue_reference.py"
