"""A session at a terminal → a moving picture: an SVG whose only program is CSS, in light and in dark.

Where nothing moves, because the reader wants it so or the viewer cannot, it is the first scene.
"""

from __future__ import annotations

import re
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from alembic_worktrees.messages.quoting import columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS = 100  # of the terminal
LETTER, ROW, LEFT, TOP = 7.23, 18, 20, 60  # pixels; a letter of a font of fixed width at 12 is so wide
PROMPT, KEY, ANSWER, LINE = (
    0.2,
    0.015,
    0.25,
    0.04,
)  # seconds: until one types, a letter, until it answers, a line
READING = 0.12  # seconds for each line, at the end of a scene
LONGEST = 15  # seconds in all

LIGHT = {"paper": "#f6f8fa", "bar": "#e4e8ed", "ink": "#1f2328", "faint": "#636c76"}
LIGHT |= {"red": "#b3202c", "green": "#1a7f37", "yellow": "#8a4600", "blue": "#0969da"}
LIGHT |= {"magenta": "#8250df", "cyan": "#1f7a8c"}
DARK = {"paper": "#0f141a", "bar": "#1d252f", "ink": "#e6edf3", "faint": "#9aa4af"}
DARK |= {"red": "#ff9a9a", "green": "#56d364", "yellow": "#f2b866", "blue": "#8cc2ff"}
DARK |= {"magenta": "#c8a8ff", "cyan": "#4cc3d9"}
FONTS = (
    '.t text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}'
    '.t .caption{font:600 13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}.t .bold{font-weight:700}'
)
# What the parameters of an escape sequence stand for
STYLES = {"1": "bold ink", "2": "faint", "31": "red", "32": "green", "33": "yellow"}
STYLES |= {"34": "blue", "35": "magenta", "36": "cyan"}


class Scene(NamedTuple):
    """What is told in one screen: a caption, and each command with what the terminal then showed."""

    caption: str
    typed: Sequence[tuple[str, str]]


class _Cell(NamedTuple):
    """A letter on the screen, and the names of its styles."""

    letter: str
    style: str


class _Row(NamedTuple):
    """A line of the screen, which comes `after` so many seconds; of a command `typed` letters are typed then."""

    cells: Sequence[_Cell]
    after: float
    typed: int = 0

    @property
    def length(self) -> float:
        return self.after + self.typed * KEY


def record(scenes: Sequence[Scene], title: str) -> str:
    """Return the picture as a whole SVG file."""
    screens = [list(_rows(scene)) for scene in scenes]
    ends = list(accumulate(sum(row.length for row in rows) + READING * len(rows) for rows in screens))
    assert ends[-1] < LONGEST, ends
    width, height = round(COLUMNS * LETTER) + 2 * LEFT, TOP + max(map(len, screens)) * ROW
    drawn: list[str] = []
    moves: list[str] = []
    for number, (scene, rows, start) in enumerate(zip(scenes, screens, [0.0, *ends], strict=False)):
        drawn.append(_scene(number, scene, rows))
        moves += _moves(number, rows, start, ends)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" class="t" role="img" aria-labelledby="t-t" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f'<title id="t-t">{escape(title)}</title>',
            f"<style>{_inks(LIGHT)}\n@media (prefers-color-scheme:dark){{{_inks(DARK)}}}",
            FONTS,
            "@media (prefers-reduced-motion:no-preference){",
            f".t .m{{animation:{ends[-1]:.2f}s step-end infinite}}",
            *moves,
            "}</style>",
            f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
            f'<path class="bar" d="M0 36V8a8 8 0 0 1 8 -8H{width - 8}a8 8 0 0 1 8 8V36z"/>',
            *(
                f'<circle class="{ink}" cx="{LEFT + 4 + 16 * n}" cy="18" r="5"/>'
                for n, ink in enumerate(("red", "yellow", "green"))
            ),
            *drawn,
            "</svg>",
            "",
        ]
    )


def _inks(inks: dict[str, str]) -> str:
    return "".join(f".t .{name}{{fill:{ink}}}" for name, ink in inks.items())


def _rows(scene: Scene) -> Iterator[_Row]:
    for command, answer in scene.typed:
        said = re.sub(
            r"(?m)^ *(?:ERROR|FAILED).*", "\x1b[31m\\g<0>\x1b[0m", answer
        )  # which Alembic leaves bare
        first, *others = _screen(f"\x1b[2m$\x1b[0m {command}")
        yield _Row(first, PROMPT, len(command))
        yield from (_Row(cells, 0) for cells in others)
        for number, cells in enumerate(_screen(said.strip("\n")) if said.strip() else ()):
            yield _Row(cells, LINE if number else ANSWER)


def _screen(text: str) -> list[list[_Cell]]:
    """The lines as a terminal breaks them, which knows of no words."""
    lines: list[list[_Cell]] = []
    for line in text.split("\n"):
        lines.append([])
        used, style = 0, "ink"
        for sequence, letter in re.findall(r"\x1b\[([\d;]*)m|(.\uFE0F?)", line):
            if not letter:
                style = " ".join(STYLES[code] for code in sequence.split(";") if code in STYLES) or "ink"
                continue
            used += columns(letter[0])
            if used > COLUMNS:
                lines.append([])
                used = columns(letter[0])
            lines[-1].append(_Cell(letter, style))
    return lines


def _scene(number: int, scene: Scene, rows: Sequence[_Row]) -> str:
    """Draw a scene; only the first is seen where nothing moves."""
    texts = [f'<text class="caption ink" x="{LEFT + 54}" y="22.5">{escape(scene.caption)}</text>']
    for row, (cells, _after, typed) in enumerate(rows):
        y = TOP + row * ROW
        texts.append(f'<text class="m r{number}-{row}" y="{y}">{"".join(_spans(cells))}</text>')
        if typed:
            x, width = LEFT + 2 * LETTER, typed * LETTER
            box = f'x="{x:.1f}" y="{y - 13}" width="{width:.0f}" height="{ROW}"'
            texts.append(f'<rect opacity="0" class="m c{number}-{row} paper" {box}/>')
    hidden = ' opacity="0"' if number else ""
    return "\n".join([f'<g class="m s{number}"{hidden}>', *texts, "</g>"])


def _spans(cells: Sequence[_Cell]) -> Iterator[str]:
    """Each style in a piece of its own; what follows a mark, of which no font says how wide it is, too."""
    at = 0
    for (style, mark), found in groupby(
        cells, lambda cell: (cell.style, len(cell.letter) * columns(cell.letter[0]) > 1)
    ):
        text = "".join(cell.letter for cell in found)
        yield f'<tspan class="{style}" x="{LEFT + at * LETTER:.1f}">{escape(text)}</tspan>'
        at += 2 if mark else columns(text)


def _moves(number: int, rows: Sequence[_Row], start: float, ends: Sequence[float]) -> Iterator[str]:
    """The rules by which a scene comes, its lines appear, and its commands are typed: in hundredths of the whole."""

    def at(seconds: float) -> str:
        return f"{seconds / ends[-1]:.2%}"

    shown = f"{at(start)}{{opacity:1}}" + (
        f"{at(ends[number])}{{opacity:0}}" if number + 1 < len(ends) else ""
    )
    before = "0%{opacity:0}" if start else ""
    yield f".t .s{number}{{animation-name:s{number}}}@keyframes s{number}{{{before}{shown}}}"
    now = start
    for row, (_cells, after, typed) in enumerate(rows):
        now += after
        name = f"r{number}-{row}"
        yield f".t .{name}{{animation-name:{name}}}@keyframes {name}{{0%{{opacity:0}}{at(now)},to{{opacity:1}}}}"
        if typed:
            # The cover goes aside by a letter each time, to where the line is empty.
            name, aside = f"c{number}-{row}", f"transform:translateX({typed * LETTER:.0f}px)"
            until = now + typed * KEY
            yield (
                f".t .{name}{{animation-name:{name}}}@keyframes {name}{{0%{{opacity:1;transform:none}}"
                f"{at(now)}{{transform:none;animation-timing-function:steps({typed})}}"
                f"{at(until)}{{{aside}}}to{{opacity:1;{aside}}}}}"
            )
            now = until
