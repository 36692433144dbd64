from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.rules import markdown


class Command(BaseCommand):
    help = "Write docs/rules from the rule files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail and list the files that differ")
        parser.add_argument("--folder", type=Path, default=Path(settings.BASE_DIR) / "docs" / "rules")

    def handle(self, *args: Any, check: bool, folder: Path, **options: Any) -> None:
        pages = markdown.pages()
        there = {path.name: path for path in folder.glob("*.md")}
        stale = [name for name, text in pages.items() if name not in there or there[name].read_text() != text]
        foreign = sorted(there.keys() - pages.keys())
        if check:
            if stale or foreign:
                raise CommandError(f"docs/rules differs from the rule files: {', '.join(sorted([*stale, *foreign]))}")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(pages[name])
        for name in foreign:
            there[name].unlink()
        self.stdout.write(f"{len(pages)} pages, {len(stale)} written, {len(foreign)} removed.")
