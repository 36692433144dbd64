"""One question about each of many: what refuses says nothing of the others, since its own policy may do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.records import State

SECONDS = 60.0  # for all of them
NAMED = 3  # of those that could not be read, in words
ENOUGH = 5  # so many refusals without an answer mean that the permission is missing
GONE = frozenset(
    {"NoSuchBucket", "NoSuchEntity"}
)  # deleted meanwhile; a bundle without an answer, which is partial then


class Each(dict[str, Any]):
    """name -> its answer. refused: names that were asked about without one."""

    def __init__(self, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(told or {})
        self.refused: set[str] = set()

    @property
    def asked(self) -> set[str]:
        return self.refused | self.keys()


def each(aws: Aws, api: str, what: str, names: Iterable[str], ask: Callable[[str], Any]) -> Each:
    """name -> its answer, without those that are gone or for which the time did not suffice. what: they are called so in words.

    Raises AwsError: THROTTLED at once, of the first one where none answered, else PARTIAL; with what was read.
    """
    found = Each()
    failed: dict[str, AwsError] = {}
    began = aws.clock()
    for name in names:
        if aws.clock() - began > SECONDS or (len(failed) >= ENOUGH and not found):
            break
        try:
            found[name] = ask(name)
        except AwsError as error:
            if error.state is State.THROTTLED:  # who goes on asking is throttled longer
                error.kept = found or None
                raise
            if error.code not in GONE:
                failed[name] = error
                found.refused.add(name)
    if failed and not found:
        raise next(iter(failed.values()))
    if failed:
        raise _partly(api, what, found, failed)
    return found


def _partly(api: str, what: str, found: Each, failed: dict[str, AwsError]) -> AwsError:
    first = next(iter(failed.values()))
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    text = f"Not of {what} {', '.join(sorted(failed)[:NAMED])}{more}: {first.message}"
    return AwsError(api, State.PARTIAL, text, permission=first.permission, kept=found)
