from __future__ import annotations

import pytest

from findings.rules import registry
from iamdash.pages.markdown import render


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "`<script>`",
        "    <script>",
        "```\n<script>\n```",
        "# <script>",
        "- <script>",
        '[x](javascript:alert(1)) <a href="http://x">',
        '[x](https://example.com/"onclick="alert(1))',
    ],
)
def test_only_its_own_tags(text: str) -> None:
    html = render(text)
    assert "<script" not in html
    assert "javascript:" not in html.replace("[x](javascript:", "")
    assert "<a href=" not in html or html.count('"') == 4


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("One\ntwo.\n\nThree.", "<p>One two.</p><p>Three.</p>"),
        ("### Head", "<h4>Head</h4>"),
        ("- a\n  b\n- c", "<ul><li>a b</li><li>c</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("Do:\n\n    x\n\n      y\n\nDone", "<p>Do:</p><pre><code>x\n\n  y</code></pre><p>Done</p>"),
        ("```sh\nx < y\n```", "<pre><code>x &lt; y</code></pre>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("a `b` **c**", "<p>a <code>b</code> <strong>c</strong></p>"),
        ("[t](https://e.com/a)", '<p><a href="https://e.com/a" rel="noreferrer">t</a></p>'),
        ("see https://e.com/a.", '<p>see <a href="https://e.com/a" rel="noreferrer">https://e.com/a</a>.</p>'),
        ("[t](http://e.com)", "<p>[t](http://e.com)</p>"),
    ],
)
def test_what_it_knows(text: str, html: str) -> None:
    assert render(text) == html


def test_every_rule_renders_whole() -> None:
    for rule in registry.rules():
        for section in rule.sections.values():
            assert "**" not in render(section)
            assert "](http" not in render(section)
