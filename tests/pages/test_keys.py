"""Which keys there are, and what would take the place of one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import AccessKey, Account, Principal
from findings.models import PrincipalPosture
from tests.conftest import AS_OF
from tests.pages.conftest import Made
from tests.pages.making import covered, finding
from tests.pages.shown import text

pytestmark = pytest.mark.django_db


def key(account: Account, unique_id: str = "AKIA1", *, days: int = 100, **more: Any) -> AccessKey:
    """days: its age. used: how many days ago it was last used; absent: no use recorded; known=False: nobody can tell."""
    used, known = more.pop("used", None), more.pop("known", True)
    data = {"unique_id": unique_id, "use_known": known}
    if used is not None:
        data |= {"last_used_service": "s3", "last_used_region": "eu-west-1"}
    fields = {"active": True, "user_name": "ci"} | more
    return AccessKey.objects.create(
        account=account, unique_id=unique_id, user_arn=f"arn:aws:iam::{account.aws_id}:user/{fields['user_name']}",
        created_at=timezone.now() - timedelta(days=days), digest="d", data_digest="d", seen_from=AS_OF, data=data,
        last_used_at=timezone.now() - timedelta(days=used) if used is not None else None, **fields,
    )  # fmt: skip


def shown(response: Any) -> list[str]:
    return [row.unique_id for row in response.context["list"].table.data.data]


def test_no_key_says_whether_that_is_known(made: Made, sign_in: Any) -> None:
    assert "Nothing was collected yet" in text(sign_in().get("/keys/"))
    covered(made.account)
    assert "iam:ListAccessKeys was not collected" in text(sign_in().get("/keys/")), "nobody looked, so it is not known"
    covered(made.account, "iam:ListAccessKeys")
    report = covered(made.account, "iam:GetCredentialReport", "denied")
    page = text(sign_in().get("/keys/"))
    assert "Unknown iam:GetCredentialReport was denied; it needs the permission iam:GetCredentialReport" in page
    assert "What was not read cannot match" in text(sign_in().get("/keys/?q=AKIA"))
    type(report).objects.filter(pk=report.pk).update(state="complete")
    page = text(sign_in().get("/keys/"))
    assert "No active key" in page
    assert "0 IAM users checked: nobody here acts with a long-term key" in page


def test_the_oldest_comes_first_and_inactive_ones_have_their_tab(made: Made, sign_in: Any) -> None:
    key(made.account, "AKIANEW", days=3)
    key(made.account, "AKIAOLD", days=500)
    key(made.account, "AKIAOFF", active=False)
    client = sign_in()
    assert shown(client.get("/keys/")) == ["AKIAOLD", "AKIANEW"]
    assert shown(client.get("/keys/", {"tab": "inactive"})) == ["AKIAOFF"]


def test_age_and_use_are_facets_and_unknown_is_not_never(made: Made, sign_in: Any) -> None:
    key(made.account, "AKIAUSED", days=30, used=2)
    key(made.account, "AKIASTALE", days=200, used=80)
    key(made.account, "AKIANEVER", days=400)
    key(made.account, "AKIAUNKNOWN", days=30, known=False)
    client = sign_in()
    for use, expected in (("recent", "USED"), ("stale", "STALE"), ("never", "NEVER"), ("unknown", "UNKNOWN")):
        assert shown(client.get("/keys/", {"use": use})) == [f"AKIA{expected}"]
    assert shown(client.get("/keys/", {"age": "ancient"})) == ["AKIANEVER"]
    page = text(client.get("/keys/"))
    assert "never, as far as AWS recorded" in page
    assert "unknown: the credential report does not tell this key from another" in page


def test_the_page_of_a_key_tells_owner_findings_and_what_is_unknown(made: Made, sign_in: Any) -> None:
    one = key(made.account, used=2)
    finding(made.account, "KY102", subject_type="key", subject_id=one.unique_id, title="Key AKIA1 of ci is old")
    page = text(sign_in().get(f"/keys/{made.account.aws_id}/{one.unique_id}/"))
    assert "Key AKIA1 of ci is old" in page
    assert "s3 in eu-west-1" in page
    assert "unknown: CloudTrail is not read" in page
    assert "update-access-key --user-name ci --access-key-id AKIA1 --status Inactive" in page


@pytest.mark.parametrize(
    ("kind", "what"),
    [("human-user", "Sessions of IAM Identity Center"), ("machine-user", "A role with temporary credentials")],
)
def test_what_replaces_a_key_depends_on_who_holds_it(made: Made, sign_in: Any, kind: str, what: str) -> None:
    one = key(made.account)
    user = Principal.objects.create(
        account=made.account, unique_id="AIDA1", type="user", name="ci", arn=one.user_arn, path="/", created_at=AS_OF,
        data={}, digest="d", data_digest="d", seen_from=AS_OF,
    )  # fmt: skip
    PrincipalPosture.objects.create(account=made.account, principal=user, kind=kind, confidence="high", reasons=[])
    assert what in text(sign_in().get(f"/keys/{made.account.aws_id}/{one.unique_id}/"))


def test_of_one_account_the_list_says_how_much_hangs_on_keys(made: Made, sign_in: Any) -> None:
    key(made.account)
    title = "Long-term keys make 22.1 % of the calls in payments-prod"
    finding(made.account, "KY114", subject_type="account", subject_id=made.account.aws_id, title=title)
    client = sign_in()
    assert title in text(client.get("/keys/", {"account": made.account.aws_id}))
    assert title not in text(client.get("/keys/"))


def test_export_tells_never_from_unknown(made: Made, sign_in: Any) -> None:
    key(made.account, "AKIANEVER")
    key(made.account, "AKIAUNKNOWN", known=False)
    rows = [json.loads(line) for line in sign_in().get("/keys/", {"export": "jsonl"}).body.decode().splitlines()]
    assert {r["key"]: r["use_known"] for r in rows} == {"AKIANEVER": True, "AKIAUNKNOWN": False}


def test_the_number_of_queries_does_not_grow(made: Made, sign_in: Any, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        key(made.account, f"AKIA{n:03}")
    client = sign_in()
    with django_assert_max_num_queries(22):
        client.get("/keys/")


def test_a_key_says_what_could_not_be_read_with_findings_and_without(made: Made, sign_in: Any) -> None:
    one = key(made.account)
    covered(made.account, "iam:GetCredentialReport", "denied")
    client, where = sign_in(), f"/keys/{made.account.aws_id}/{one.unique_id}/"
    old = "What you see may be old: iam:GetCredentialReport was denied"
    page = text(client.get(where))
    assert old in page
    assert "No finding is open, of what is known." in page
    made.finding(code="KY102", subject=one.unique_id)
    page = text(client.get(where))
    assert old in page
    assert "No finding is open" not in page
