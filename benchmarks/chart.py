"""Curves → an SVG with two logarithmic axes; each curve is named where it ends."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 48
GAP = 14  # between two names
COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490")
STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-size: 14px; font-weight: 600 }
.grid { stroke: #e3e3e3 } .axis { stroke: #888 } .curve { fill: none; stroke-width: 2 }
.slope { stroke: #999; stroke-dasharray: 4 4 }
rect { fill: #fff }"""


class Curve(NamedTuple):
    """One line: its name, and its points."""

    name: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """One picture: what is drawn over what."""

    title: str
    across: str
    up: str
    curves: Sequence[Curve]


class _Axis(NamedTuple):
    """From a value to a place, in the logarithm."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        low, high = log10(self.low), log10(self.high)
        return self.start + (log10(value) - low) / (high - low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """The powers of ten, and where these are few what lies between them."""
        decades = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        steps = (1,) if len(decades) > 4 else (1, 2, 5)
        values = (step * 10.0**decade for decade in decades for step in steps)
        return [value for value in values if self.low * 0.999 <= value <= self.high * 1.001]


def draw(panels: Sequence[Panel]) -> str:
    """Return the SVG of panels side by side."""
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{HEIGHT}"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel) -> Iterator[str]:
    xs = [x for curve in panel.curves for x, _ in curve.points]
    ys = [y for curve in panel.curves for _, y in curve.points]
    across = _Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    up = _Axis(min(ys) / 1.3, max(ys) * 1.3, HEIGHT - BOTTOM, TOP)
    yield _text(panel.title, LEFT, TOP - 20, kind="title")
    yield from _grid(across, up)
    yield _text(panel.across, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, anchor="middle")
    yield _text(panel.up, LEFT - 8, TOP - 6, anchor="end")
    yield from _linear(across, up)
    ends = sorted((up.at(curve.points[-1][1]), number) for number, curve in enumerate(panel.curves))
    for place, number in _apart(ends):
        yield from _curve(panel.curves[number], COLOURS[number % len(COLOURS)], place, across, up)


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    for value in across.ticks:
        x = across.at(value)
        yield _line(x, up.start, x, up.end, "grid")
        yield _text(f"{value:,.0f}", x, up.start + 16, anchor="middle")
    for value in up.ticks:
        y = up.at(value)
        yield _line(across.start, y, across.end, y, "grid")
        yield _text(f"{value:,g}", across.start - 8, y + 4, anchor="end")
    yield _line(across.start, up.start, across.end, up.start, "axis")
    yield _line(across.start, up.start, across.start, up.end, "axis")


def _linear(across: _Axis, up: _Axis) -> Iterator[str]:
    """Draw how twice as much in twice the time would rise, up to the corner."""
    factor = min(across.high / across.low, up.high / up.low)
    x, y = across.at(across.high / factor), up.at(up.high / factor)
    yield _line(x, y, across.end, up.end, "slope")
    yield _text("linear", across.end - 8, up.end - 4, anchor="end")


def _apart(ends: Iterable[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """Move names down so far that none stands on another."""
    free = 0.0
    for place, number in ends:
        free = max(free, place)
        yield free, number
        free += GAP


def _curve(curve: Curve, colour: str, place: float, across: _Axis, up: _Axis) -> Iterator[str]:
    points = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in curve.points)
    yield f'<polyline class="curve" stroke="{colour}" points="{points}"/>'
    yield _text(curve.name, across.end + 8, place + 4, colour=colour)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(words: str, x: float, y: float, *, anchor: str = "start", kind: str = "", colour: str = "") -> str:
    looks = f' class="{kind}"' * bool(kind) + f' style="fill: {colour}"' * bool(colour)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{looks}>{escape(words)}</text>'
