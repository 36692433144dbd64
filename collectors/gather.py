"""Ask a source's APIs in turn and tell how each went. The same for AWS itself and for a bundle; no Django here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS
from collectors.records import Coverage, Covered, Part, State
from collectors.sources import Api, Source

SHOWN = 20  # problems in an API's detail; the rest is counted


@dataclass
class Gathered:
    """Answers by API, and for every API how its asking ended. problems: what of an answer could not be read."""

    answers: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, AwsError] = field(default_factory=dict)
    problems: dict[str, tuple[str, ...]] = field(default_factory=dict)
    calls: int = 0

    def count(self, api: str) -> None:
        self.calls += 1


def gather(
    source: Source, aws: Aws, got: Gathered, progress: Callable[[str, int], None] = lambda api, calls: None
) -> None:
    """Ask each API of the source in turn. A failure ends that API and those that need its answer, never the others."""
    for api in source.apis:
        progress(api.name, got.calls)
        missing = [name for name in api.after if name not in got.answers and not _told_by_files(api, name, aws)]
        if api.either and not any(name in got.answers for name in api.either):
            missing.append(api.either[0])
        if missing:
            got.failures[api.name] = _not_asked(api, missing[0], got.failures[missing[0]])
            continue
        try:
            got.answers[api.name] = api.fetch(aws, got.answers)
        except AwsError as error:
            got.failures[api.name] = error
            if error.kept is not None:
                got.answers[api.name] = error.kept
        except aws.malformed as error:
            got.failures[api.name] = _malformed(api.name, error)
        got.problems[api.name] = aws.problems(api.name)


def _told_by_files(api: Api, name: str, aws: Aws) -> bool:
    """A bundle's files tell by their names in which regions an API was asked, and by their lines about whom."""
    regions = api.regional and name == REGIONS
    return aws.from_files and (regions or (api.filed and bool(aws.requests(api.name))))


def _not_asked(api: Api, missing: str, why: AwsError) -> AwsError:
    """What a bundle lacks is named to the end of the chain: the file is what one can add."""
    text = why.message if why.state is State.ABSENT else f"Not asked, since {missing} gave no answer."
    return AwsError(api.name, why.state, text, permission=why.permission)


def _malformed(api: str, error: Exception) -> AwsError:
    what = f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
    return AwsError(api, State.ERROR, f"The answer of {api} is not as AWS writes it: {what}.")


def understand(source: Source, got: Gathered, malformed: tuple[type[Exception], ...] = ()) -> Part:
    """The source's records, each id once. Of malformed answers the API fails, and the others are read without it."""
    try:
        return _distinct(source.transform(got.answers))
    except malformed:
        kept: dict[str, Any] = {}
        for api in list(got.answers):
            try:
                source.transform(kept | {api: got.answers[api]})
            except malformed as error:
                got.failures[api] = _malformed(api, error)
            else:
                kept[api] = got.answers[api]
        return _distinct(source.transform(kept))


def _distinct(part: Part) -> Part:
    """A list that changed while it was paged may name an entity twice: the last one stands."""
    kinds = {name: found for name in part.__struct_fields__ if isinstance(found := getattr(part, name), tuple)}
    once = {name: tuple({r.unique_id: r for r in found}.values()) for name, found in kinds.items()}
    return msgspec.structs.replace(part, **once)


def coverage(source: Source, got: Gathered, part: Part, at: datetime) -> Covered:
    """How every API of the source went, in each region where it is asked so. at: when it was asked."""
    rows = (row for api in source.apis for row in _coverage(api, got, part, at))
    return {(row.api, row.region): row for row in rows}


def _coverage(api: Api, got: Gathered, part: Part, at: datetime) -> Iterator[Coverage]:
    failure = got.failures.get(api.name)
    failed = failure.regions if failure else {}
    answered = got.answers.get(api.name) if api.regional and (failed or not failure) else None
    if not failed and not answered:
        yield _row(api.name, failure, got, part, at)
        return
    for region in sorted({*failed, *(answered or {})}):
        row = _row(api.name, failed.get(region), got, part, at)
        yield msgspec.structs.replace(row, region=region)


def _row(api: str, failure: AwsError | None, got: Gathered, part: Part, at: datetime) -> Coverage:
    if failure:
        return Coverage(
            api=api, state=failure.state, observed_at=at, detail=failure.message, permission=failure.permission
        )
    problems, made = (*got.problems.get(api, ()), *part.problems.get(api, ())), part.as_of.get(api, at)
    more = (f"{len(problems) - SHOWN} more like these.",) if len(problems) > SHOWN else ()
    return Coverage(
        api=api,
        state=State.PARTIAL if problems else State.COMPLETE,
        observed_at=made,
        detail=" ".join(problems[:SHOWN] + more) or part.notes.get(api, ""),
        complete_at=None if problems else made,
    )
