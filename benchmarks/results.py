"""RESULTS.md: one section for each kind of measurement, each renewed by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cases import Case
    from .measure import Comparison

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = """\
# Results

Written by `make bench` and `make growth`; do not edit.
"""


def table(rows: Iterable[tuple[Case, Comparison]]) -> str:
    """Return what was compared, as a table."""
    lines = [
        "| case | against | ours | theirs | ratio | target | | rounds |",
        "|---|---|--:|--:|--:|--:|---|--:|",
    ]
    for case, found in rows:
        verdict = "pass" if case.reached(found.ratio) else "**missed**"
        cells = [
            case.name,
            case.against,
            f"{found.ours * 1000:,.0f} ms",
            f"{found.against * 1000:,.0f} ms",
            f"{found.ratio:.2f} ×",
            f"≤ {case.target:g} ×" if case.target else "",
            verdict if case.target else "",
            str(found.rounds),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_section(heading: str, body: str, file: Path = RESULTS) -> None:
    """Put a section into the results, in the place of the one with this heading if there is one."""
    text = file.read_text(encoding="utf-8") if file.exists() else TITLE
    sections = re.split(r"(?m)^(?=## )", text)
    fresh = f"## {heading}\n\n{body.strip()}\n"
    places = [number for number, section in enumerate(sections) if section.startswith(f"## {heading}\n")]
    if places:
        sections[places[0]] = fresh
    else:
        sections.append(fresh)
    file.write_text("\n".join(section.strip() + "\n" for section in sections), encoding="utf-8")
