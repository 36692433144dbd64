"""Every page in Chromium, in both themes: what axe finds, how wide it is, what it weighs, and whether anything moves."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from playwright.sync_api import Error, Response
from playwright.sync_api import Page as Tab

from iamdash.access.models import Role
from tests.browser.filled import pages

Open = Callable[..., Tab]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WEIGHT = 150_000  # bytes, compressed, besides plotly.js
NARROW = (640, 320)  # 1280 at 200 % and at 400 %
# Cells of lists that hold more than their column has room for.
OVER = """() => [...document.querySelectorAll('.listed td, .listed tbody th')]
  .filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent.trim().slice(0, 60))"""
MOVES = 0.01  # 0.1 is felt (web.dev, Cumulative Layout Shift); the lists have columns of fixed widths

DRAWN = "[...document.querySelectorAll('figure[data-chart]')].every(figure => figure.querySelector('.main-svg'))"
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.moved += one.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
AXE = """
async (only) => (await axe.run(document, { runOnly: only, resultTypes: ["violations"] })).violations.map(
  (one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")} (${one.nodes.length})`)
"""
LOADED = """
performance.getEntriesByType("resource").filter((one) => !one.name.includes("plotly"))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)
"""


def axe() -> str:
    """axe-core's source, out of the package that brings it. Chromium's own console may run it under our policy."""
    found = find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text()


def test_every_page(transactional_db: None, open_browser: Open) -> None:
    addresses = pages()
    tab = open_browser(Role.ADMIN, "/rules/", color_scheme="light", viewport={"width": 1280, "height": 900})
    tab.context.add_init_script(WATCH)
    source = axe()
    faults = [f"{page.name} {page.path}: {fault}" for page in addresses for fault in faults_of(tab, page.path, source)]
    assert faults == []


def faults_of(tab: Tab, path: str, source: str) -> list[str]:
    try:
        return list(_faults(tab, path, source))
    except Error as error:  # the other pages are looked at all the same
        return [error.message]


def _faults(tab: Tab, path: str, source: str) -> Iterator[str]:
    response = tab.goto(path)
    assert response is not None
    if response.status != 200:
        yield f"answered {response.status}"
    if "<html" not in response.text():  # a file, or a part that htmx puts into a page
        return
    tab.wait_for_function(DRAWN)
    yield from _weight(tab, response)
    if (moved := tab.evaluate("window.moved")) > MOVES:
        yield f"moved by {moved:.3f}"
    yield from (f"covers its neighbour: {cell}" for cell in tab.evaluate(OVER))
    tab.evaluate(source)
    yield from tab.evaluate(AXE, {"type": "tag", "values": WCAG})
    tab.emulate_media(color_scheme="dark")
    yield from (f"dark: {one}" for one in tab.evaluate(AXE, {"type": "rule", "values": ["color-contrast"]}))
    tab.emulate_media(color_scheme="light")
    yield from _width(tab)


def _weight(tab: Tab, response: Response) -> Iterator[str]:
    html = response.text()
    if (bytes_ := len(gzip.compress(html.encode())) + tab.evaluate(LOADED)) > WEIGHT:
        yield f"weighs {bytes_}"
    if "<h1" not in html and "<main" in html:
        yield "its heading comes by script"
    if 'class="None"' in html:
        yield "has an attribute of nothing"


def _width(tab: Tab) -> Iterator[str]:
    for width in NARROW:
        tab.set_viewport_size({"width": width, "height": 900})
        wide = tab.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            yield f"{wide} wide at {width}"
    tab.set_viewport_size({"width": 1280, "height": 900})
