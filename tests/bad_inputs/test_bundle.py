"""The corpus in bundles, from the upload to the page: what cannot be read is named, and the rest is loaded and judged."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from collectors import intake, queue
from collectors.models import (
    Account,
    BundleUpload,
    Connection,
    Coverage,
    Credential,
    Document,
    OrganizationAccount,
    Principal,
    TrailObject,
)
from collectors.records import TRAIL
from findings import engine
from findings.policy.document import Unreadable, read
from tests.bad_inputs import corpus
from tests.bad_inputs.corpus import Member, Policy, Report, Text
from tests.collectors.bundles import GAAD, details, role
from tests.collectors.test_intake import zipped
from tests.collectors.test_organization_bundles import DESCRIBED, TREE, lines, under
from tests.conftest import AS_OF, db_role
from tests.pages.shown import text as shown

pytestmark = pytest.mark.django_db
POLICIES = (*corpus.POLICIES, *corpus.TEXTS)
ABOUT = {"account.json": {"AccountId": "000000000001", "CollectedAt": "2026-11-24T00:00:00Z"}}


def uploaded(account: Account, files: dict[str, Any]) -> BundleUpload:
    sent = BundleUpload.objects.create(
        account=account, file_name="b.zip", content=zipped(ABOUT | files), uploaded_by="ann"
    )
    with db_role("iamdash_worker"):
        intake.load_upload(sent.pk)
    sent.refresh_from_db()
    return sent


def roles() -> list[dict[str, Any]]:
    found = [role(f"policy-{one.name}", AssumeRolePolicyDocument=one.document) for one in POLICIES]
    found += [role(f"text-{one.name}", Tags=[{"Key": "k", "Value": one.value}]) for one in corpus.TEXTS_OF_OTHERS]
    return [one | {"RoleId": f"AROA{n:017d}"} for n, one in enumerate(found)]


@pytest.fixture(scope="module")
def upload(django_db_setup: None, django_db_blocker: Any) -> Iterator[BundleUpload]:
    """All of it in one bundle: whatever one entry is, the others are there. Judged once."""
    files = {GAAD: json.dumps(details(*roles())), **DESCRIBED, **organization()}
    files |= {f"cloudtrail/{one.name}.json": one.blob for one in corpus.FILES}
    with django_db_blocker.unblock(), transaction.atomic():
        account = Account.objects.create(aws_id="000000000001", name="payments")
        Connection.objects.create(account=account, kind=Connection.Kind.BUNDLE)
        sent = uploaded(account, files)
        with db_role("iamdash_worker"):
            claim = queue.claim(account.job_set.get(source="judge").pk)
            assert engine.judge_account(account.pk, AS_OF, claim=claim) is not None
        yield sent
        transaction.set_rollback(True)


def organization() -> dict[str, Any]:
    every = [one.entry for one in corpus.MEMBERS]
    return TREE | {
        "organizations.list-accounts.json": json.dumps({"Accounts": every}),
        "organizations.list-accounts-for-parent.jsonl": lines(under("r-ab12", Accounts=every)),
    }


def test_all_is_there(upload: BundleUpload) -> None:
    assert upload.error == ""
    assert Principal.present.count() == len(roles())


@pytest.mark.parametrize("case", POLICIES, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_policy_is_read_or_says_why_not(case: Policy, upload: BundleUpload, sign_in: Any) -> None:
    found = Principal.present.get(name=f"policy-{case.name}")
    document = read(Document.objects.get(account=upload.account, digest=found.as_record.trust).body)
    assert isinstance(document, Unreadable) is bool(case.said)
    if case.noted:
        assert case.noted in " ".join(upload.complaints)
    page = sign_in().get(reverse("principal", args=[upload.account.aws_id, found.unique_id]))
    said = document.reason if isinstance(document, Unreadable) else ""
    assert page.status_code == 200
    assert said in html.unescape(shown(page))
    assert case.said in said or case.noted


@pytest.mark.parametrize("case", corpus.TEXTS_OF_OTHERS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_text_is_kept_or_its_bad_characters_replaced(case: Text, upload: BundleUpload) -> None:
    assert Principal.present.get(name=f"text-{case.name}").as_record.tags == {"k": case.kept}


def test_a_trail_s_files_are_read_each_as_far_as_it_goes(upload: BundleUpload) -> None:
    rows = TrailObject.objects.values_list("size", "events", "rejected", "problem")
    expected = sorted((len(one.blob), one.events, one.rejected, one.problem) for one in corpus.FILES)
    assert sorted(rows) == expected
    detail = Coverage.objects.get(account=upload.account, api=TRAIL).detail
    for one in (one for one in corpus.FILES if one.problem):
        assert f"{one.name}.json was not read to its end: {one.problem}" in detail


@pytest.mark.parametrize("case", corpus.MEMBERS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_member_is_kept_with_its_state(case: Member, upload: BundleUpload) -> None:
    found = OrganizationAccount.present.get(unique_id=case.entry["Id"])
    assert (found.state, found.name) == (case.state, case.entry["Name"])


@pytest.mark.parametrize("case", corpus.REPORTS, ids=lambda case: f"{case.name} ({case.seen})")
def test_a_credential_report(case: Report, upload: BundleUpload) -> None:
    account = upload.account
    sent = uploaded(account, {"credential-report.csv": case.text, GAAD: json.dumps(details(role()))})
    assert sent.error == ""
    assert Principal.present.filter(account=account, name="app").exists()
    assert sorted(Credential.present.values_list("user_name", flat=True)) == sorted(case.users)
    state = Coverage.objects.get(account=account, api="iam:GetCredentialReport")
    assert (state.state == "complete") is (not case.said)
    assert case.said in state.detail
    assert case.said in " ".join(sent.complaints)


def test_the_corpus_names_each_input_once() -> None:
    for some in (POLICIES, corpus.TEXTS_OF_OTHERS, corpus.REPORTS, corpus.FILES, corpus.MEMBERS):
        names = [one.name for one in some]  # type: ignore[attr-defined]
        assert len(names) == len(set(names))
        assert {one.seen for one in some} <= {"R", "D"}  # type: ignore[attr-defined]
