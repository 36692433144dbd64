"""A bundle that an operator uploads, from the database to the inventory."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.db.models.functions import Now

from collectors import intake, queue, schedule, tasks
from collectors import replay as intake_limits
from collectors.models import Account, BundleUpload, Coverage, Job, Principal
from tests.conftest import db_role

pytestmark = pytest.mark.django_db
GAAD = "iam.get-account-authorization-details.json"


def details(account_id: str) -> dict[str, Any]:
    role = {
        "RoleName": "deploy", "RoleId": "AROADEPLOY", "Arn": f"arn:aws:iam::{account_id}:role/deploy", "Path": "/",
        "CreateDate": "2026-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
    }  # fmt: skip
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [role], "Policies": []}


def zipped(files: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str | bytes) else json.dumps(content))
    return out.getvalue()


def upload(account: Account, content: bytes) -> BundleUpload:
    sent = BundleUpload.objects.create(account=account, file_name="march.zip", content=content, uploaded_by="ann")
    with db_role("iamdash_worker"):
        assert schedule.to_ring(BundleUpload) == [sent.pk]
        intake.load_upload(sent.pk)
    sent.refresh_from_db()
    return sent


def test_an_upload_is_loaded_and_its_content_dropped(account: Account) -> None:
    sent = upload(account, zipped({GAAD: details(account.aws_id)}))
    assert (sent.error, sent.content) == ("", None)
    assert sent.finished_at is not None
    assert Principal.present.get(account=account).name == "deploy"
    assert Coverage.objects.get(account=account, api="iam:GetCredentialReport").state == "absent"
    assert Job.objects.filter(account=account, source="judge", state="queued").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({GAAD: details("000000000009")}), "The bundle is of account 000000000009, not of 000000000001."),
        (zipped({"notes.txt": "hello"}), "march.zip holds no file of a bundle"),
        (b"not a zip", "march.zip"),
        (b"", "march.zip"),
    ],
)
def test_what_cannot_be_loaded_says_why_and_changes_nothing(account: Account, content: bytes, message: str) -> None:
    sent = upload(account, content)
    assert message in sent.error
    assert sent.content is None
    assert not Coverage.objects.exists()
    assert not Principal.objects.exists()


def test_what_cannot_be_read_of_it_is_named_and_the_rest_is_loaded(account: Account) -> None:
    sent = upload(account, zipped({GAAD: details(account.aws_id), "iam.get-account-summary.json": "{"}))
    assert sent.error == ""
    assert any("iam.get-account-summary.json" in complaint for complaint in sent.complaints)
    assert Principal.present.filter(account=account).exists()


def test_an_upload_is_loaded_once(account: Account) -> None:
    sent = upload(account, zipped({GAAD: details(account.aws_id)}))
    with db_role("iamdash_worker"):
        assert intake.load_upload(sent.pk) is None
        assert schedule.to_ring(BundleUpload) == []


def test_an_upload_whose_worker_was_lost_is_taken_up_again(account: Account) -> None:
    sent = BundleUpload.objects.create(
        account=account, file_name="march.zip", content=zipped({GAAD: details(account.aws_id)}), uploaded_by="ann"
    )
    assert queue.begin(BundleUpload, sent.pk)
    assert schedule.to_ring(BundleUpload) == []
    assert intake.load_upload(sent.pk) is None
    BundleUpload.objects.update(started_at=Now() - queue.LEASE)
    assert schedule.to_ring(BundleUpload) == [sent.pk]
    assert intake.load_upload(sent.pk) is not None
    assert not queue.begin(BundleUpload, sent.pk)


def test_an_upload_that_loses_each_worker_is_given_up(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a worker that is killed nothing comes back: what it began is all that is known of it."""
    rung: list[int] = []
    monkeypatch.setattr(tasks.load_upload, "delay", rung.append)
    for bell in (tasks.canary, tasks.collect):
        monkeypatch.setattr(bell, "apply_async", lambda *_, **__: None)
    sent = BundleUpload.objects.create(account=account, file_name="b.zip", content=b"large", uploaded_by="ann")
    for n in range(queue.ATTEMPTS):
        BundleUpload.objects.update(started_at=Now() - queue.LEASE if n else None, rung_at=None)
        tasks.tick()
        assert rung == [sent.pk] * (n + 1)
        assert queue.begin(BundleUpload, sent.pk)
    BundleUpload.objects.update(started_at=Now() - queue.LEASE, rung_at=None)
    assert not queue.begin(BundleUpload, sent.pk), "also by a bell that was under way"
    tasks.tick()
    sent.refresh_from_db()
    assert "lost three times" in sent.error
    assert (sent.content, sent.finished_at is None, len(rung)) == (None, False, queue.ATTEMPTS)


def test_what_is_said_of_a_bundle_is_as_much_as_can_be_read(account: Account) -> None:
    """It is kept, and shown on the account's page; an upload's names are chosen by whoever made it."""
    many = {f"../{n}-{'x' * 3_000}": "" for n in range(2_000)}
    sent = upload(account, zipped({GAAD: details(account.aws_id), f"a:{'y' * 60_000}": "", **many}))
    assert sent.error == ""
    assert len(sent.complaints) == intake_limits.SHOWN + 1
    assert sent.complaints[-1].endswith(" more like these.")
    assert max(map(len, sent.complaints)) <= intake_limits.LONGEST
