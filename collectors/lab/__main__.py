"""`python -m collectors.lab`: one lab in the foreground, until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from collectors.lab.server import serve
from collectors.lab.settings import Settings, today


def moment(text: str) -> datetime:
    """An ISO 8601 time; without a zone it is UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="collectors.lab", description="A stand-in AWS organization over HTTP.")
    parser.add_argument("--port", type=int, default=Settings.port, help="0 takes a free one")
    parser.add_argument("--host", default=Settings.host)
    parser.add_argument("--accounts", type=int, default=Settings.accounts, help="active accounts, at least 2")
    parser.add_argument("--roles", type=int, default=Settings.roles, help="roles an account, at least")
    parser.add_argument("--users", type=int, default=Settings.users, help="users an account, at least")
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--as-of", type=moment, default=today(), help="the population's present, default today")
    parser.add_argument("--ready-file", type=Path, help="gets the URL once the lab answers")
    return parser.parse_args(arguments)


def announce(url: str, ready_file: Path | None) -> None:
    if ready_file:
        draft = ready_file.with_name(ready_file.name + ".new")
        draft.write_text(url)
        draft.replace(ready_file)  # a reader sees all of it or nothing
    print(f"lab ready {url}", flush=True)


def main(arguments: list[str]) -> int:
    options = vars(parse(arguments))
    ready_file = options.pop("ready_file")
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread starts, so that none of them takes it
    lab = serve(Settings(**options))
    announce(lab.url, ready_file)
    signal.sigwait(ends)
    lab.stop()
    sys.stdout.flush()
    os._exit(0)  # freeing a large organization object by object would take seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
