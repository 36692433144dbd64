"""A bundle into the inventory: the same jobs, fences and commits as a collection, in one transaction."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from collectors import queue, records, runner
from collectors.activity import DRIFT, Aggregate, take
from collectors.aws.bundle import open_bundle
from collectors.aws.bundle_files import BundleError
from collectors.models import Account, BundleUpload, Connection, Coverage, Job, Run, TrailWatch
from collectors.models.job import JUDGE
from collectors.records import TRAIL
from collectors.replay import Replayed, replay
from collectors.usage_store import Read, known, ledger_key, looked_up, store

TOO_MUCH = (
    "The worker was lost three times while it read this: it needs more memory or time than a worker has. "
    "Load it on the server: manage.py bundle load."
)


class IntakeError(Exception):
    """The bundle was not loaded; the message names why and the next step."""


def read(path: Path) -> Replayed:
    """Raises BundleError when there is nothing to open, IntakeError when nothing in it can be used."""
    replayed = replay(open_bundle(path))
    if not replayed.told:
        raise IntakeError(
            f"{path.name} holds no answer that can be read. `manage.py bundle --help` prints how to make one."
        )
    if replayed.contradiction or not replayed.account_id:
        raise IntakeError(
            f"{replayed.contradiction or 'No file names the account.'} Nothing was loaded; put the right id into account.json."
        )
    return replayed


def load_upload(upload_id: int) -> int | None:
    """Load an uploaded bundle, once, and drop its content. Returns the judgement's job.

    What is wrong with it stands on the upload; only a bug or a lost database raises, and the tick rings again.
    """
    if not queue.begin(BundleUpload, upload_id):
        return None
    upload = BundleUpload.objects.select_related("account").get(pk=upload_id)
    job, error, complaints = None, "", []
    with tempfile.TemporaryDirectory(prefix="iamdash-upload-") as folder:
        path = Path(folder, "bundle.zip")
        path.write_bytes(upload.content or b"")
        try:
            replayed = read(path)
            complaints = list(replayed.complaints)
            if replayed.account_id != upload.account.aws_id:
                raise IntakeError(f"The bundle is of account {replayed.account_id}, not of {upload.account.aws_id}.")
            _, job = take_in(replayed, upload.account.name, upload.uploaded_by)
        except (BundleError, IntakeError) as problem:
            error = str(problem).replace(str(path), upload.file_name)
    BundleUpload.objects.filter(pk=upload_id).update(
        finished_at=Now(), content=None, error=error, complaints=complaints
    )
    return job


def give_up() -> None:
    """End uploads whose worker was lost on each attempt, and drop their content."""
    BundleUpload.objects.filter(queue.spent()).update(finished_at=Now(), content=None, error=TOO_MUCH)


def take_in(replayed: Replayed, name: str, by: str) -> tuple[Account, int | None]:
    """Store it and ask for a judgement; an account that is not known is registered under `name`.

    Returns the account and the judgement's job. Raises IntakeError; then nothing was written.
    """
    with transaction.atomic():  # no worker sees the jobs before they are done
        found = {"name": name, "partition": replayed.partition, "added_by": by}
        account, new = Account.objects.get_or_create(aws_id=replayed.account_id, defaults=found)
        if new:
            Connection.objects.create(account=account, kind=Connection.Kind.BUNDLE)
        _store(replayed, account, by)
    waiting = Job.objects.filter(account=account, source=JUDGE, state=Job.State.QUEUED)
    return account, waiting.values_list("pk", flat=True).first()


def _store(replayed: Replayed, account: Account, by: str) -> None:
    parts = {source.name: (source, got, part) for source, got, part in replayed.parts}
    run = queue.start_run(account, Run.Reason.BUNDLE, parts, by)
    if run is None:
        raise IntakeError(f"A collection of {account} is under way. Try again when it is done.")
    newest = Coverage.objects.filter(account=account).aggregate(at=Max("observed_at"))["at"]
    if newest and newest > replayed.collected_at:
        raise IntakeError(f"{account} is known as of {newest:%Y-%m-%d %H:%M} UTC, and the bundle is older. Not loaded.")
    for job in Job.objects.filter(run=run).order_by("pk"):
        claim = queue.claim(job.pk)
        if claim is None:
            raise IntakeError(f"Another worker holds {job.source} of {account}. Try again when it is done.")
        source, got, part = parts[job.source]
        runner.commit(claim, source, account, got, part, replayed.collected_at)
    _store_trail(replayed, account)


def _store_trail(replayed: Replayed, account: Account) -> None:
    """What CloudTrail's files tell, file by file against the ledger, so that a bundle loaded again adds nothing."""
    total, reads = Aggregate(replayed.latest + DRIFT), dict[str, Read]()
    counted, last = looked_up(account.pk)
    for name, blob in replayed.trail_files([]):
        key = ledger_key(name, records.digest(blob))
        if key not in reads and not known(account.pk, [key]):
            tally = take(total, name, blob, account.aws_id, counted)
            reads[key] = Read(account.aws_id, key, replayed.collected_at.date(), "", len(blob), tally)
    if reads:
        store(total, list(reads.values()), looked_to={account.aws_id: last})
        _watch(replayed, account)


def _watch(replayed: Replayed, account: Account) -> None:
    """Of an account that nobody collects, the files are all there is: they are taken for whole from their first event on."""
    coverage = {row.api: row for row in replayed.coverage}[TRAIL]
    at = {"source": "trail_bucket", "state": coverage.state.value, "observed_at": coverage.observed_at}
    given = at | {"detail": coverage.detail, "permission": ""}
    given |= {"complete_at": coverage.complete_at} if coverage.complete_at else {}
    Coverage.objects.update_or_create(account=account, api=TRAIL, region="", defaults=given)
    watch, _ = TrailWatch.objects.get_or_create(account=account)
    if account.connection.kind == Connection.Kind.BUNDLE and watch.since is None:
        watch.since, watch.until = replayed.activity.since, replayed.collected_at
        watch.save()
