#!/usr/bin/env python
"""Django's command line with iamdash's settings."""

import os
import sys

from findings.analysis.pace import few_collections
from iamdash.embedded.state import prepare_environment


def words(given: list[str]) -> list[str]:
    """Django names a command after its module: what the documents call `find-keys` is `find_keys`."""
    return [word.replace("-", "_") if n == 0 and not word.startswith("-") else word for n, word in enumerate(given)]


def main() -> None:
    sys.argv[1:] = words(sys.argv[1:])
    prepare_environment(sys.argv[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
    from django.core.management import execute_from_command_line  # many objects too

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    with few_collections():  # start-up alone makes some hundred thousand objects, and keeps them
        main()
