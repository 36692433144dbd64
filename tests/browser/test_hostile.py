"""Every page over names and user agents that somebody chose with bad intent: they are text, and they break no page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page as Tab

from iamdash.access.models import Role
from tests.bad_inputs.hostile import AGENT, BACKWARDS, FORMULA, IMAGE, SCRIPT, TEMPLATE, poison
from tests.browser.filled import LONG, pages

# As they stand in the filled database: of things, an account, a role, a session, a user agent, an owner.
IN_MARKUP = "img[src=x], script:not([src], [type='application/json'])"
BAD = {
    "kept-apart-role": SCRIPT, "payments-prod-of-a-team-with-a-long-name": IMAGE, LONG: BACKWARDS * 3,
    "alice@example.com": TEMPLATE, "boto3": AGENT, "releaser": FORMULA,
}  # fmt: skip


def test_bad_names_are_text_on_every_page(transactional_db: None, open_browser: Callable[..., Tab]) -> None:
    addresses = pages()
    assert poison(BAD) > 60
    tab = open_browser(Role.ADMIN, "/rules/", viewport={"width": 1280, "height": 900})
    said: list[str] = []
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("response", lambda got: said.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    faults = [f"{page.name} {page.path}: {fault}" for page in addresses for fault in _faults(tab, page.path)]
    assert not faults, "\n".join(faults)
    assert said == []


def _faults(tab: Tab, path: str) -> Iterator[str]:
    response = tab.goto(path)
    assert response is not None
    if response.status != 200:
        yield f"answered {response.status}"
        return
    if tab.evaluate("window.hacked"):
        yield "ran a script"
    if tab.locator(IN_MARKUP).count():
        yield "took a name for markup"
    if (wide := tab.evaluate("document.documentElement.scrollWidth")) > 1280:
        yield f"is {wide} wide"
