#!/usr/bin/env python
"""Django's command line with iamdash's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from iamdash.embedded.state import prepare_environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
    prepare_environment(sys.argv[1:])
    execute_from_command_line(sys.argv)
