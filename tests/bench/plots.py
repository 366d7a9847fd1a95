"""Plots as SVG, written as text: bars side by side or in a column, and lines over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

_WIDTH, _LEFT, _ROW, _PLOT = 720, 210, 24, 420
_COLOURS: Final = ("#5b7c99", "#c8683c", "#6a9955", "#8e6ba8", "#b0903c")
_HEIGHT: Final = 260


def stacked_bars(title: str, unit: str, rows: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """One horizontal bar a row, its parts one after the other; the parts' names are the legend."""
    most = max((sum(parts.values()) for _, parts in rows), default=1.0) or 1.0
    names = list(dict.fromkeys(name for _, parts in rows for name in parts))
    body = [_text(10, 22, title, size=15)]
    for place, name in enumerate(names):
        left = _LEFT + place * 160
        body += [_box(left, 34, 12, 12, place), _text(left + 18, 45, name)]
    top = 60
    for label, parts in rows:
        body.append(_text(_LEFT - 8, top + 15, label, anchor="end"))
        left = float(_LEFT)
        for name, value in parts.items():
            width = _PLOT * value / most
            body.append(_box(left, top, width, _ROW - 6, names.index(name)))
            left += width
        told = " + ".join(f"{value:.0f}" for value in parts.values())
        body.append(_text(left + 6, top + 15, f"{told} {unit}"))
        top += _ROW
    return _svg(top + 12, body)


def lines(title: str, unit: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Values over seconds, one line a name; the axis of values begins at zero."""
    points = [point for line in series.values() for point in line] or [(0.0, 0.0)]
    last = max(at for at, _ in points) or 1.0
    most = max(value for _, value in points) * 1.1 or 1.0
    bottom, wide = _HEIGHT - 30, _WIDTH - _LEFT - 40
    body = [
        _text(10, 22, title, size=15),
        _rule(_LEFT, 40, _LEFT, bottom),
        _rule(_LEFT, bottom, _LEFT + wide, bottom),
    ]
    for part in (0.0, 0.5, 1.0):
        body.append(
            _text(_LEFT - 6, bottom - part * (bottom - 40) + 4, f"{part * most:.0f} {unit}", anchor="end")
        )
        body.append(_text(_LEFT + part * wide, bottom + 18, f"{part * last:.0f} s", anchor="middle"))
    for place, (name, line) in enumerate(series.items()):
        path = " ".join(
            f"{_LEFT + at / last * wide:.1f},{bottom - value / most * (bottom - 40):.1f}"
            for at, value in line
        )
        colour = _COLOURS[place % len(_COLOURS)]
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [_box(10, 44 + place * 20, 12, 12, place), _text(28, 55 + place * 20, name)]
    return _svg(_HEIGHT, body)


def _svg(height: float, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}"'
        f' font-family="sans-serif" font-size="12">'
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )


def _text(left: float, top: float, text: str, *, size: int = 12, anchor: str = "start") -> str:
    return (
        f'<text x="{left:.1f}" y="{top:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222222">'
        f"{escape(text)}</text>"
    )


def _box(left: float, top: float, width: float, height: float, colour: int) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' fill="{_COLOURS[colour % len(_COLOURS)]}"/>'
    )


def _rule(left: float, top: float, right: float, bottom: float) -> str:
    return f'<path d="M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}" stroke="#888888" fill="none"/>'
