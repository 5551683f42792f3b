"""What the tests ask of a page in a browser. The fixtures `chromium` and `page` are in conftest.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pdf
from axe_playwright_python.base import AXE_FILE_PATH

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
LAPTOP, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
WORDS = ".highlight pre span, code span, dt.sig span"  # what a highlighter wraps each word of code into
LOCAL = ("file:", "data:", "blob:", "about:")


def html_pages() -> list[Path]:
    """Return the pages of the built book; index.html only leads to the title page."""
    found = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
    return [path for path in found if path != HTML / "index.html"]


def watch(page: Any) -> list[str]:
    """Return a list that will hold what goes wrong on a page, and every request that leaves the book."""
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error.message}"))
    page.on("requestfailed", lambda request: wrong.append(f"not loaded: {request.url[:200]}"))
    page.on("request", lambda r: wrong.append(f"request: {r.url[:200]}") if not r.url.startswith(LOCAL) else None)
    return wrong


def visit(page: Any, path: Path | str) -> None:
    """Open a page and wait until its formulas are set and its fonts are there."""
    page.goto(path.as_uri() if isinstance(path, Path) else path)
    pdf.settle(page)


def axe(page: Any, *rules: str) -> list[str]:
    """Return what axe-core finds on a page as it is now: every rule of its own choice, or only those named.

    The thousands of coloured words in code blocks become plain text first: `faint_code` reads their colours
    in a hundredth of the time.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        page.evaluate("words => document.querySelectorAll(words).forEach(w => w.replaceWith(...w.childNodes))", WORDS)
    # Visible text must be in the name of its control: a rule that axe-core leaves off by default.
    options: dict[str, Any] = {"rules": {"label-content-name-mismatch": {"enabled": True}}}
    if rules:
        options = {"runOnly": list(rules)}
    options |= {"preload": False, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [f"{v['id']}: {node['html'][:150]}" for v in found["violations"] for node in v["nodes"]]


def faint_code(page: Any) -> list[str]:
    """Return the colours of code that stand out from their ground by less than 4.5:1."""
    return page.evaluate(
        r"""words => {
            const light = colour => colour.match(/[\d.]+/g).slice(0, 3).map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const ground = e => {
                const colour = getComputedStyle(e).backgroundColor;
                if (colour !== 'rgba(0, 0, 0, 0)') return colour;
                return e.parentElement ? ground(e.parentElement) : 'rgb(255, 255, 255)';
            };
            const pairs = new Map();
            for (const word of document.querySelectorAll(words))
                pairs.set(`${getComputedStyle(word).color} on ${ground(word)}`, word);
            return [...pairs.keys()].filter(pair => {
                const [a, b] = pair.split(' on ').map(light);
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
            });
        }""",
        WORDS,
    )


def wider_than_the_page(page: Any) -> list[str]:
    """Return what a reader must scroll sideways for: the page, or a block of code, a table, a formula in it."""
    return page.evaluate(
        """() => {
            const page = document.documentElement, found = [];
            if (page.scrollWidth > innerWidth) found.push(`the page, by ${page.scrollWidth - innerWidth} px`);
            const blocks = 'pre, table, div.math, .cell_output, .pst-scrollable-table-container';
            for (const block of document.querySelectorAll(blocks))
                if (block.clientWidth && block.scrollWidth > block.clientWidth + 2)
                    found.push(`${block.className || block.tagName}: ${block.textContent.trim().slice(0, 60)}`);
            return found;
        }"""
    )


def unset_formulas(page: Any) -> list[str]:
    """Return the formulas that MathJax left as TeX, or found wrong."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.math')]
            .filter(e => !e.querySelector('mjx-container') || e.querySelector('[data-mjx-error], mjx-merror'))
            .map(e => e.textContent)"""
    )


def missing_icons(page: Any) -> list[str]:
    """Return the icons that icons.css has no drawing for."""
    return page.evaluate(
        """() => [...document.querySelectorAll('[class*="fa-"]')]
            .filter(e => !getComputedStyle(e, '::before').maskImage.startsWith('url'))
            .map(e => e.className)"""
    )


def bare_tables(page: Any) -> list[str]:
    """Return the tables without a header; those of the two indices are columns of a list."""
    return page.evaluate(
        """() => [...document.querySelectorAll('article table:not(.indextable)')]
            .filter(t => !t.querySelector('th')).map(t => t.outerHTML.slice(0, 200))"""
    )
