"""What a command prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from django.core.management.base import OutputWrapper

LEFT = 2  # exit code
TOGETHER = 500  # lines


def write(stdout: OutputWrapper, lines: Iterable[str]) -> None:
    """Like other tools of a shell, silent about a reader that has seen enough (`judge ... | head`)."""
    try:
        for line in lines:
            stdout.write(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(LEFT)


def together(lines: Iterable[str]) -> Iterator[str]:
    """Some hundred lines as one text, where nobody waits for each: unbuffered, each text is a system call."""
    waiting = iter(lines)
    while some := list(islice(waiting, TOGETHER)):
        yield "\n".join(some)
