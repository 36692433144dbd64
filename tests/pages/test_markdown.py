from __future__ import annotations

import pytest

from findings.rules import registry
from iamdash.pages.markdown import inline, render


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "`<script>`",
        "    <script>",
        "```\n<script>\n```",
        "# <script>",
        "- <script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>)",
        '<a href="http://x">y</a>',
        '[x](https://example.com/"onclick="alert(1))',
        "![x](https://example.com/x.png)<script>",
    ],
)
def test_nothing_of_the_text_becomes_markup_of_its_own(text: str) -> None:
    html = render(text)
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert 'href="http:' not in html
    assert '" onclick' not in html
    assert '"onclick' not in html


def test_headings_stand_below_the_page_s() -> None:
    assert render("# One") == "<h4>One</h4>\n"
    assert render("### Three") == "<h4>Three</h4>\n"


def test_links_go_to_https_and_tell_nobody() -> None:
    assert 'rel="noreferrer"' in render("[t](https://e.com/a)")
    assert "<a" not in render("[t](http://e.com)")


def test_inline_has_no_paragraph() -> None:
    assert inline("a `b` **c**") == "a <code>b</code> <strong>c</strong>"


def test_every_rule_renders_whole() -> None:
    for rule in registry.rules():
        for section in rule.sections.values():
            assert "](http" not in render(section)
