from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

NOT_BENCHES = {
    "__main__",
    "account",
    "database",
    "figure",
    "inventory",
    "load_user",
    "peer",
    "process",
    "sizes",
    "trail",
    "years",
    "years_bound",
    "years_used",
}


def main(wanted: list[str]) -> int:
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in NOT_BENCHES]
    if unknown := set(wanted) - set(names):
        print(f"No benchmark {', '.join(sorted(unknown))}. There are: {', '.join(names)}.", file=sys.stderr)
        return 2
    for name in wanted or names:
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
