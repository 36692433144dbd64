from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.rules import coverage, markdown


class Command(BaseCommand):
    help = "Write docs/rules and docs/coverage.md from the rule files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail and list the files that differ")
        parser.add_argument(
            "--folder", type=Path, default=Path(settings.BASE_DIR) / "docs", help="holds coverage.md and rules/"
        )

    def handle(self, *args: Any, check: bool, folder: Path, **options: Any) -> None:
        if disagreements := coverage.problems():
            raise CommandError("\n".join(disagreements))
        pages = {folder / "rules" / name: text for name, text in markdown.pages().items()}
        pages[folder / coverage.FILE] = coverage.page()
        stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
        foreign = sorted(set((folder / "rules").glob("*.md")) - pages.keys())
        if check:
            if stale or foreign:
                names = ", ".join(sorted(str(path.relative_to(folder)) for path in (*stale, *foreign)))
                raise CommandError(f"docs differ from the rule files: {names}")
            return
        (folder / "rules").mkdir(parents=True, exist_ok=True)
        for path in stale:
            path.write_text(pages[path])
        for path in foreign:
            path.unlink()
        self.stdout.write(f"{len(pages)} pages, {len(stale)} written, {len(foreign)} removed.")
