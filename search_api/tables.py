"""Results as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """CSV with a header. A cell that a spreadsheet would run as a formula gets an apostrophe before it; None is empty."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        writer.writerow(["'" + cell if cell[:1] in "=+-@\t\r" and cell[:1] else cell for cell in cells])
    return file.getvalue()
