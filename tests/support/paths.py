"""Where things stand in the checkout."""

from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FIXTURES = TOP / "fixtures" / "ctr-output"
DOCS = TOP / "docs"
