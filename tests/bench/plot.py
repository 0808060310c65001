# SPDX-License-Identifier: MIT
"""Draws a result: for each kind of work how many times wsbridged's cost the others take."""

import math
from xml.sax.saxutils import escape

from rows import NAMES

WIDTH = 880
LEFT, RIGHT = 340, 40  # of the field: room for the titles, and for the last figure
TOP, STEP, BOTTOM = 92, 34, 58
RADIUS = 6
# What is drawn, in this order; the shape says it too, for who sees no colours.
MARKS = ["floor", "lws", "ws", "websocketd"]
TICKS = [0.25, 0.5, 1, 2, 4, 8, 16, 32]
GAP = 42  # px between two figures that would else stand on each other

STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .back { fill: #ffffff; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .figure { fill: #59636e; font-size: 12px; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .one { stroke: #1f2328; stroke-width: 2; }
  .range { stroke-width: 2; opacity: .55; }
  .floor { fill: #6e7781; stroke: #6e7781; }
  .lws { fill: #8250df; stroke: #8250df; }
  .ws { fill: #1a7f37; stroke: #1a7f37; }
  .websocketd { fill: #bc4c00; stroke: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .back { fill: #0d1117; }
    .quiet { fill: #9198a1; }
    .figure { fill: #9198a1; stroke: #0d1117; }
    .grid { stroke: #3d444d; }
    .one { stroke: #e6edf3; }
    .floor { fill: #9198a1; stroke: #9198a1; }
    .lws { fill: #ab7df8; stroke: #ab7df8; }
    .ws { fill: #3fb950; stroke: #3fb950; }
    .websocketd { fill: #f0883e; stroke: #f0883e; }
  }
"""


def x_of(times):
    """Where TIMES wsbridged's cost is: the scale is logarithmic."""
    share = math.log(times / TICKS[0]) / math.log(TICKS[-1] / TICKS[0])
    return LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT)


def text(x, y, words, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def mark(x, y, contender):
    r = RADIUS
    if contender == "floor":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" class="floor"/>'
    if contender == "websocketd":
        return (f'<path d="M{x:.1f} {y - r - 1:.1f}l{r + 1} {r + 1}l{-r - 1} {r + 1}l{-r - 1} {-r - 1}z" '
                'class="websocketd"/>')
    if contender == "ws":
        return f'<path d="M{x:.1f} {y - r:.1f}l{r} {2 * r - 1}h{-2 * r}z" class="ws"/>'
    return f'<rect x="{x - r + 1:.1f}" y="{y - r + 1:.1f}" width="{2 * r - 2}" height="{2 * r - 2}" class="{contender}"/>'


def points_of(row):
    """[(contender, low, median, high)]: how many times wsbridged's cost, the smallest first."""
    points = []
    for contender in MARKS:
        r = row["summary"]["ratios"].get(contender, {}).get(row["metric"])
        if r:
            points.append((contender, 1 / r["high"], 1 / r["median"], 1 / r["low"]))
    return sorted(points, key=lambda p: p[2])


def times(value):
    return f"×{value:.2f}" if value < 2 else f"×{value:.1f}" if value < 10 else f"×{value:.0f}"


def points(row, y):
    """The marks of ROW, each with its quartiles and its figure above; figures keep apart."""
    figure = -GAP
    for contender, low, middle, high in points_of(row):
        x = x_of(middle)
        figure = max(x, figure + GAP)
        yield line(x_of(low), y, x_of(high), y, f"range {contender}")
        yield mark(x, y, contender)
        yield text(figure, y - RADIUS - 4, times(middle), "figure", "middle")


def legend(contenders):
    x = LEFT
    yield line(x + 4, 50, x + 4, 64, "one")
    yield text(x + 14, 62, "wsbridged")
    x += 104
    for contender in contenders:
        yield mark(x, 57, contender)
        yield text(x + 13, 62, NAMES[contender])
        x += 40 + 7.2 * len(NAMES[contender])


def axis(bottom):
    for tick in TICKS:
        x = x_of(tick)
        yield line(x, TOP - 12, x, bottom, "one" if tick == 1 else "grid")
        yield text(x, bottom + 17, f"×{tick:g}", "quiet", "middle")


def draw(result, conditions):
    """The whole picture, of the rows in which wsbridged has company."""
    rows = [row for row in result["rows"] if points_of(row)]
    present = [c for c in MARKS if any(c == p[0] for row in rows for p in points_of(row))]
    bottom = TOP + STEP * len(rows)
    height = bottom + BOTTOM
    body = [f'<rect width="{WIDTH}" height="{height}" class="back"/>',
            text(16, 28, "What the same work costs, in times of wsbridged's", "title"),
            text(16, 62, "CPU time (idle session: memory); right is dearer", "quiet"),
            *legend(present), *axis(bottom)]
    for i, row in enumerate(rows):
        y = TOP + STEP * i + 14
        body += [text(16, y + 4, row["title"]), *points(row, y)]
    body.append(text(16, height - 8, conditions, "quiet"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">\n'
            "<title>What the same work costs other servers, in times of wsbridged's CPU time</title>\n"
            f"<style>{STYLE}</style>\n" + "\n".join(body) + "\n</svg>\n")
