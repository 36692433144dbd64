"""Every page of the dashboard as pictures, to look at: `python tools/screenshots.py [--base URL --password WORD] [OUT]`.

It follows the links from the Overview and takes one page of each kind, in both themes and three widths, into
OUT/STATE/PAGE-THEME-WIDTH.png.
Without --base it starts an empty installation, then a demo, which it takes twice: as it is, and once AWS denies a source.
--readme takes the README's two pictures alone, of the demo of 12 accounts (or of --base), into docs/pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from collectors.lab.client import LabClient  # noqa: E402 - the path comes first

WIDTHS = (1280, 640, 320)
THEMES = ("light", "dark")
DENIED = {"service": "iam", "operation": "GetCredentialReport"}
# A link inside a drawing has an object for its href.
LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map((one) => new URL(one.getAttribute('href'), location).href)"
DRAWN = "[...document.querySelectorAll('figure[data-chart]')].every((one) => one.querySelector('.main-svg'))"
# Charts follow a window's new width a moment later.
FITS = """[...document.querySelectorAll('[data-plot] .main-svg')].every((one) =>
  Math.abs(one.getBoundingClientRect().width - one.closest('[data-plot]').clientWidth) < 2)"""
NO_PAGES = ("/sign-out", "/api/", "/static/", "/livez", "/readyz")
# Of the README: as wide as its column, and no higher than what says something.
SHOWN = ViewportSize(width=1120, height=640)
PICTURES = ROOT / "docs" / "pictures"
PATIENCE = 600  # seconds until a demo answers, and until it has collected


def kind(path: str) -> str:
    """What pages of one kind share: /principals/123456789012/AROAX/ -> principals-x-x. Ids have digits or capitals."""
    parts = ["x" if re.search(r"[0-9A-Z:]", part) or len(part) > 40 else part for part in path.split("/") if part]
    return "-".join(parts) or "overview"


def walk(page: Page, base: str) -> Iterator[tuple[str, str]]:
    """(kind, path), breadth first; the first page of each kind."""
    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop(0)
        if kind(path) in seen or path.startswith(NO_PAGES):
            continue
        seen.add(kind(path))
        answer = page.goto(urljoin(base, path))
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        waiting += [urlsplit(one).path for one in page.evaluate(LINKS) if one.startswith(base)]
        yield kind(path), path


def settled(page: Page) -> None:
    """Until every chart is drawn as wide as its place. Asked from here: a page's policy lets no script be evaluated there."""
    until = time.monotonic() + 30
    while not page.evaluate(f"{DRAWN} && {FITS}"):
        if time.monotonic() > until:
            raise SystemExit(f"The charts of {page.url} were not drawn.")
        page.wait_for_timeout(50)


def take(page: Page, base: str, out: Path) -> int:
    """The pages' pictures; how many."""
    out.mkdir(parents=True, exist_ok=True)
    n = 0
    for name, _ in walk(page, base):
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                settled(page)
                page.screenshot(path=out / f"{name}-{theme}-{width}.png", full_page=True)
                n += 1
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return n


def sign_in(page: Page, base: str, password: str) -> None:
    page.goto(base)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".nav").wait_for()


def collected(page: Page, base: str) -> None:
    """Wait until no run is under way, and at least one was."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        page.goto(urljoin(base, "/runs/"))
        all_runs = page.locator("#list tbody tr").count()
        page.goto(urljoin(base, "/runs/?state=running"))
        if all_runs and not page.locator("#list tbody tr").count():
            return
        time.sleep(5)
    raise SystemExit("The demo did not come to an end of its collections.")


def told(state: Path) -> None:
    """Wait until the demo has its half year, which comes after the first findings."""
    until = time.monotonic() + PATIENCE
    while not (state / "lab_history").exists():
        if time.monotonic() > until:
            raise SystemExit("The demo did not get its half year.")
        time.sleep(5)


def deny(page: Page, base: str, lab: str) -> None:
    """AWS refuses a source from now on, and every account is collected again."""
    LabClient(lab).fault("deny", **DENIED)
    page.goto(urljoin(base, "/accounts/"))
    paths = {urlsplit(one).path for one in page.evaluate(LINKS)}
    for path in sorted(one for one in paths if re.fullmatch(r"/accounts/\d{12}/", one)):
        page.goto(urljoin(base, path))
        button = page.get_by_role("button", name="Collect now")
        if button.count() and button.is_enabled():
            button.click()
    time.sleep(40)  # the worker takes a request within 30 seconds
    collected(page, base)


@contextlib.contextmanager
def running(*options: str) -> Iterator[tuple[str, str, Path]]:
    """An installation of its own in a temporary folder -> its address, the admin's password, its folder."""
    folder = Path(tempfile.mkdtemp(prefix="iamdash-shots-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), *options]
    log = (folder / "up.log").open("w")
    state = folder / "state"
    process = subprocess.Popen(command, env=os.environ | {"IAMDASH_STATE": str(state)}, stdout=log, stderr=log)  # noqa: S603
    try:
        until = time.monotonic() + PATIENCE
        while not (state / "welcomed").exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"It did not start: {(folder / 'up.log').read_text()[-2000:]}")
            time.sleep(1)
        yield f"http://127.0.0.1:{port}/", (state / "admin_password").read_text().strip(), state
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield chromium.new_context(viewport={"width": WIDTHS[0], "height": 900}).new_page()
        chromium.close()


def for_readme(page: Page, base: str, out: Path) -> None:
    """The Overview, light, and the role that needs attention most, dark."""
    out.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size(SHOWN)
    page.goto(base)
    settled(page)
    page.screenshot(path=out / "overview.png")
    page.emulate_media(color_scheme="dark")
    page.goto(urljoin(base, page.locator("a.lead[href^='/principals/']").first.get_attribute("href") or ""))
    settled(page)
    page.screenshot(path=out / "role.png")


def everything(out: Path) -> Iterable[tuple[str, int]]:
    with running() as (base, password, _), browser() as page:
        sign_in(page, base, password)
        yield "empty", take(page, base, out / "empty")
    with running("--lab", "--lab-accounts", "3") as (base, password, state), browser() as page:
        sign_in(page, base, password)
        collected(page, base)
        yield "filled", take(page, base, out / "filled")
        deny(page, base, (state / "lab.url").read_text().strip())
        yield "denied", take(page, base, out / "denied")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("out", nargs="?", type=Path, default=ROOT / "screenshots")
    asked.add_argument("--base", help="address of an installation that runs; the admin signs in")
    asked.add_argument("--password", default="")
    asked.add_argument("--readme", action="store_true", help="only the README's pictures")
    given = asked.parse_args()
    if given.base:
        base = given.base.rstrip("/") + "/"
        with browser() as page:
            sign_in(page, base, given.password)
            if given.readme:
                return for_readme(page, base, PICTURES)
            print(f"{take(page, base, given.out / 'running')} pictures in {given.out}")  # noqa: T201
        return None
    if given.readme:
        with running("--lab") as (base, password, state), browser() as page:
            sign_in(page, base, password)
            collected(page, base)
            told(state)
            return for_readme(page, base, PICTURES)
    for state, n in everything(given.out):
        print(f"{state}: {n} pictures in {given.out / state}")  # noqa: T201
    return None


if __name__ == "__main__":
    main()
