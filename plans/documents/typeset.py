"""Plain data into PDF. The sheets beside this file hold the layout, the caller everything that is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings

SHEETS = Path(__file__).resolve().parent / "sheets"
PAPERS = {"a4": "A4", "us-letter": "Letter"}


def typeset(sheet: str, data: Mapping[str, Any], *, paper: str = "a4") -> bytes:
    """The PDF/UA of a sheet (``handout``, ``letter``) filled with plain data; raises ValueError for unknown paper."""
    if paper not in PAPERS:
        raise ValueError(f"no paper {paper!r}")
    text = json.dumps({**data, "paper": paper}, ensure_ascii=False)
    made = typst.compile(
        str(SHEETS / f"{sheet}.typ"),
        root=str(SHEETS),
        font_paths=[str(settings.VAR_DIR / "static_build" / "fonts")],
        ignore_system_fonts=True,  # the same pages on every machine
        format="pdf",
        pdf_standards=["ua-1"],
        sys_inputs={"data": text},
    )
    return bytes(made)


def qr_svg(link: str) -> str:
    """The link as a QR code (error correction M), black on white."""
    out = BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", border=2, dark="#000", light="#fff", xmldecl=False)
    return out.getvalue().decode("utf-8")
