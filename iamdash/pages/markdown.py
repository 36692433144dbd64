"""A small, safe Markdown: headings, paragraphs, lists, code (fenced or indented), `code`, **strong**, links to https.

All else is text, and is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

INDENT = "    "  # of code
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\[(?P<text>[^\]]+)\]\((?P<href>https://[^\s)]+)\)"
    r"|<?(?P<bare>https://[^\s<>()]*[^\s<>().,;:])>?"
)
_ITEM = re.compile(r"(?:[-*]|(\d+)\.) +(.*)")


def render(text: str) -> SafeString:
    return format_html_join("", "{}", ((block,) for block in _blocks(text.splitlines())))


def inline(text: str) -> SafeString:
    pieces, at = [], 0
    for match in _INLINE.finditer(text):
        pieces += [(text[at : match.start()],), (_inline(match),)]
        at = match.end()
    return format_html_join("", "{}", [*pieces, (text[at:],)])


def _inline(match: re.Match[str]) -> SafeString:
    if code := match["code"]:
        return format_html("<code>{}</code>", code)
    if strong := match["strong"]:
        return format_html("<strong>{}</strong>", strong)
    href = match["href"] or match["bare"]
    return format_html('<a href="{}" rel="noreferrer">{}</a>', href, match["text"] or href)


def _blocks(lines: list[str]) -> Iterator[SafeString]:
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line:
            at += 1
        elif lines[at].startswith(INDENT):
            end = next(
                (i for i in range(at, len(lines)) if lines[i].strip() and not lines[i].startswith(INDENT)), len(lines)
            )
            yield format_html(
                "<pre><code>{}</code></pre>", "\n".join(s.removeprefix(INDENT) for s in lines[at:end]).rstrip()
            )
            at = end
        elif line.startswith("```"):
            end = next((i for i in range(at + 1, len(lines)) if lines[i].strip().startswith("```")), len(lines))
            yield format_html("<pre><code>{}</code></pre>", "\n".join(lines[at + 1 : end]))
            at = end + 1
        elif line.startswith("#"):
            # Below the page's h1 and the section's h2 or h3.
            yield format_html("<h4>{}</h4>", inline(line.lstrip("# ")))
            at += 1
        else:
            end = _end(lines, at)
            yield (
                _list(lines[at:end]) if _ITEM.match(line) else format_html("<p>{}</p>", inline(_joined(lines[at:end])))
            )
            at = end


def _end(lines: list[str], at: int) -> int:
    """Where the block that begins at `at` ends: a blank line, code, a heading, or a change between list and paragraph."""
    listed = bool(_ITEM.match(lines[at].strip()))
    for i in range(at + 1, len(lines)):
        line = lines[i].strip()
        if not line or line.startswith(("```", "#")) or (not listed and _ITEM.match(line)):
            return i
    return len(lines)


def _list(lines: list[str]) -> SafeString:
    items: list[list[str]] = []
    for line in lines:
        match = _ITEM.match(line.strip())
        if match:
            items.append([match[2]])
        else:
            items[-1].append(line)
    numbered = bool(_ITEM.match(lines[0].strip())[1])  # type: ignore[index]
    body = format_html_join("", "<li>{}</li>", ((inline(_joined(item)),) for item in items))
    return format_html("<ol>{}</ol>" if numbered else "<ul>{}</ul>", body)


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
