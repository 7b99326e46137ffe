"""One hash of plain data, the same wherever it is computed. Pure."""

from __future__ import annotations

import hashlib
import json


def content_hash(content: object) -> str:
    """SHA-256 (hex) of the canonical JSON text of plain data: keys sorted, no spaces, letters as they are."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
