"""Short in `make test`, long in `make torture`: the same proofs, more of them, with the counts printed."""

from __future__ import annotations

import os

LONG = os.environ.get("KINEPLAN_TORTURE") == "1"
