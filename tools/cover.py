"""Draw the title page's figure, _static/cover.svg, and the card that shared links show, _static/card.png.

Four scenes of the book's own data beside their rows of the label matrix. The drawing takes the colours of
the page that it stands in, light or dark; the card needs Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mlhelpers.datasets import load_digit_scenes

STATIC = Path(__file__).resolve().parent.parent / "_static"
SCENES = [9, 14, 8, 18]  # one of them shows nothing
ALT = (
    "Four small images of handwritten digits, each beside its row of the label matrix. "
    "The image of a 0 and a 6 has ones in columns 0 and 6; a blank image has a row of zeros."
)
ROW, PIXEL, LEFT, CELL = 94, 4, 110, 38  # height of a row, side of a pixel, where the matrix begins, its columns
CARD = """<body style="margin:0;width:1200px;height:630px;background:#fff;color:#1c2733;font-family:sans-serif;
--cover-one:#1f6fc2;--cover-zero:#9aa7b4;display:flex;align-items:center;gap:50px;padding:0 60px;box-sizing:border-box">
<h1 style="font-size:56px;line-height:1.2;margin:0;width:470px">{title}</h1>
<div style="width:560px">{svg}</div></body>"""


def scene(pixels: np.ndarray, top: float) -> list[str]:
    side = PIXEL * len(pixels)
    frame = f'<rect x="1" y="{top}" width="{side}" height="{side}" rx="4" fill="none" stroke="var(--cover-zero)"/>'
    dot = f'width="{PIXEL}" height="{PIXEL}"'
    dots = [
        f'<rect x="{1 + PIXEL * x}" y="{top + PIXEL * y}" {dot} opacity="{pixels[y, x]:.2g}"/>'
        for y, x in np.argwhere(pixels > 0.05)
    ]
    return [frame, '<g fill="currentColor" shape-rendering="crispEdges">', *dots, "</g>"]


def label_row(labels: np.ndarray, middle: float) -> list[str]:
    drawn = []
    for column, label in enumerate(labels):
        x = LEFT + CELL * column
        fill, stroke = ("var(--cover-one)", "var(--cover-one)") if label else ("none", "var(--cover-zero)")
        drawn.append(f'<rect x="{x}" y="{middle - 15}" width="30" height="30" rx="7" fill="{fill}" stroke="{stroke}"/>')
        ink = 'fill="#fff" font-weight="bold"' if label else 'fill="currentColor" opacity="0.75"'
        drawn.append(f'<text x="{x + 15}" y="{middle + 5}" {ink}>{int(label)}</text>')
    return drawn


def cover() -> str:
    data = load_digit_scenes()
    body = [
        f'<text x="{LEFT + CELL * k + 15}" y="14" fill="currentColor">{name}</text>'
        for k, name in enumerate(data.label_names)
    ]
    for position, index in enumerate(SCENES):
        top = 26 + ROW * position
        pixels = np.squeeze(data.X_train[index])
        body += scene(pixels, top) + label_row(data.Y_train[index], top + PIXEL * len(pixels) / 2)
    size = f"0 0 {LEFT + CELL * 10 - 6} {24 + ROW * len(SCENES) - 8}"
    label = f'role="img" aria-label="{ALT}"'
    style = 'font-family="inherit" font-size="14" text-anchor="middle"'
    head = f'<svg class="cover" xmlns="http://www.w3.org/2000/svg" viewBox="{size}" {label} {style}>'
    return "\n".join([head, *body, "</svg>"]) + "\n"


def main() -> None:
    svg = cover()
    (STATIC / "cover.svg").write_text(svg, encoding="utf-8", newline="\n")
    from pdf import browser, title  # the book's one way to a Chromium

    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(CARD.format(title=title(), svg=svg))
        page.screenshot(path=STATIC / "card.png")


if __name__ == "__main__":
    sys.exit(main())
