"""A bundle through all sources: what it tells of its account, as a snapshot that can be judged without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from collectors.activity import Activity, of_files
from collectors.aws.bundle import Bundle
from collectors.aws.bundle_files import TRAIL as FOLDER
from collectors.aws.bundle_files import FileError
from collectors.gather import Gathered, coverage, gather, understand
from collectors.records import LOOKUP, TRAIL, Coverage, Part, Snapshot, State
from collectors.sources import Source, sources
from collectors.sources.credential_report import USED
from collectors.sources.organizations.names import ROOTS

# Complaints, and characters of one: whoever made the bundle chose names and how many files there are.
SHOWN, LONGEST = 100, 2_000
PARTLY = "LookupEvents tells of the events that somebody asked for, so what it does not tell stays unknown."
NO_ACCOUNT = "unknown"  # the id in a snapshot whose bundle names no account


@dataclass(frozen=True)
class Replayed:
    bundle: Bundle
    parts: tuple[tuple[Source, Gathered, Part], ...]

    @cached_property
    def collected_at(self) -> datetime:
        return self.bundle.collected_at or self.bundle.newest

    @cached_property
    def coverage(self) -> tuple[Coverage, ...]:
        rows = (coverage(source, got, part, self.collected_at) for source, got, part in self.parts)
        told = (row for found in rows for row in found.values())
        beside = (*self._trail_coverage(), *self._lookup_coverage(), *self._use_coverage())
        return tuple(sorted((*told, *beside), key=lambda row: (row.api, row.region)))

    def _trail_coverage(self) -> Iterator[Coverage]:
        """A bundle without the folder has no row: it does not claim to know of a trail."""
        if self.bundle.files.trail:
            problems, at = self.activity.problems, self.collected_at
            yield Coverage(
                api=TRAIL,
                state=State.PARTIAL if problems else State.COMPLETE,
                observed_at=at,
                detail=" ".join(problems[:20]),
                complete_at=None if problems else at,
            )

    def _lookup_coverage(self) -> Iterator[Coverage]:
        """Never whole: a file does not say for which events was asked, nor since when."""
        if self.looked_up:
            at = self.collected_at
            detail = " ".join((PARTLY, *self.bundle.problems(LOOKUP)))
            yield Coverage(api=LOOKUP, state=State.PARTIAL, observed_at=at, detail=detail)

    def _use_coverage(self) -> Iterator[Coverage]:
        """Keys that it does not tell of are not known to be used."""
        if self.bundle.requests(USED):
            at = self.collected_at
            yield Coverage(api=USED, state=State.COMPLETE, observed_at=at, complete_at=at)

    @cached_property
    def looked_up(self) -> dict[str, str]:
        """Events of LookupEvents by their ids. A trail's files tell the same and more: beside them it is passed over."""
        pages = self.bundle.every(LOOKUP, "Events") if not self.bundle.files.trail else ()
        events = (event for page in pages for event in page["Events"] if event.get("CloudTrailEvent"))
        return {event.get("EventId", event["CloudTrailEvent"]): event["CloudTrailEvent"] for event in events}

    def trail_files(self, unread: list[str]) -> Iterator[tuple[str, bytes]]:
        """CloudTrail's files, one after another; a sentence for each that cannot be read."""
        for name in self.bundle.files.trail:
            try:
                yield name.removeprefix(f"{FOLDER}/"), self.bundle.files.read(name)
            except FileError as error:
                unread.append(f"{name} {error}")

    @property
    def latest(self) -> datetime:
        """Events after this have a wrong clock. The time of the files may be wrong itself (a zip may say 1980)."""
        return max(self.collected_at, datetime.now(UTC))

    @cached_property
    def activity(self) -> Activity:
        """What CloudTrail's files tell of the account; where nothing else names one, of the one they tell most of."""
        unread: list[str] = []
        files = self.trail_files(unread)
        if self.looked_up:
            files = ((f"Event {key[:50]}", f'{{"Records":[{text}]}}'.encode()) for key, text in self.looked_up.items())
        found = of_files(files, self.bundle.account_id or self._named[1], self.latest)
        since = None if self.looked_up else found.since  # what was not looked up may have happened all the same
        return replace(found, since=since, problems=(*found.problems, *unread))

    @property
    def told(self) -> bool:
        """Whether any file was an answer of AWS; a refusal is one too."""
        return any(row.state not in (State.ABSENT, State.ERROR) for row in self.coverage)

    @cached_property
    def _named(self) -> tuple[str, str]:
        """(partition, account) that most ARNs name; "" where there are none."""
        arns = (arn.split(":") for _, _, part in self.parts for arn in _arns(part))
        found = Counter((arn[1], arn[4]) for arn in arns if len(arn) > 5 and len(arn[4]) == 12 and arn[4].isdigit())
        return found.most_common(1)[0][0] if found else ("", "")

    @property
    def account_id(self) -> str:
        """Of account.json, else of the ARNs, else of CloudTrail's files; "" when none tells."""
        return self.bundle.account_id or self._named[1] or next((u.account_id for u in self.activity.event_uses), "")

    @property
    def partition(self) -> str:
        return self.bundle.partition or self._named[0] or "aws"

    @property
    def contradiction(self) -> str:
        """When account.json and the ARNs name different accounts, a sentence."""
        stated, named = self.bundle.account_id, self._named[1]
        return (
            f"account.json says {stated}, but the ARNs are those of {named}."
            if named not in ("", stated or named)
            else ""
        )

    @property
    def complaints(self) -> tuple[str, ...]:
        """What could not be read, and what is odd: sentences that name the file, as many as somebody can read."""
        failed = (row.detail for row in self.coverage if row.state in (State.ERROR, State.PARTIAL))
        lost = () if self.account_id else ("No file names the account; add account.json with its AccountId.",)
        own = (*self.bundle.notes, *((self.contradiction,) if self.contradiction else ()), *lost)
        said = list(dict.fromkeys((*failed, *own)))
        more = [f"{len(said) - SHOWN:,} more like these."] if len(said) > SHOWN else []
        return tuple(one[:LONGEST] for one in said[:SHOWN] + more)

    @property
    def knows_roots(self) -> bool:
        """Whether it tells of the organization as only the management account and delegated administrators may."""
        return any(row.api == ROOTS and row.state is State.COMPLETE for row in self.coverage)

    def snapshot(self, as_of: datetime | None = None) -> Snapshot:
        """as_of None: as of the bundle's own time."""
        found: dict[str, Any] = {}
        for _, _, part in self.parts:
            for name in set(part.__struct_fields__).intersection(Snapshot.__struct_fields__):
                if isinstance(records := getattr(part, name), tuple):
                    found[name] = found.get(name, ()) + records
        documents = {digest: body for _, _, part in self.parts for digest, body in part.documents.items()}
        return Snapshot(
            account_id=self.account_id or NO_ACCOUNT,
            partition=self.partition,
            as_of=as_of or self.collected_at,
            documents=documents,
            coverage=self.coverage,
            sessions=self.activity.sessions,
            assumptions=self.activity.assumptions,
            event_uses=self.activity.event_uses,
            admin_events=self.activity.admin_events,
            principal_days=self.activity.principal_days,
            activity_since=self.activity.since,
            organization_judged_by=self.account_id if self.knows_roots else "",
            **found,
        )


def replay(bundle: Bundle) -> Replayed:
    return Replayed(bundle, tuple(_replayed(source, bundle) for source in sources().values() if source.apis))


def _replayed(source: Source, bundle: Bundle) -> tuple[Source, Gathered, Part]:
    got = Gathered(dict(source.fresh(bundle.collected_at or bundle.newest)))
    gather(source, bundle, got)
    return source, got, understand(source, got, bundle.malformed)


def _arns(part: Part) -> Iterator[str]:
    for entity in (*(part.roles or ()), *(part.users or ()), *(part.groups or ())):
        yield entity.arn
    for row in part.credentials or ():
        yield row.unique_id
