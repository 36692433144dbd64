from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from collectors import records
from collectors.models import Account, Principal, Version
from findings.models import Finding, PrincipalPosture
from tests.builders import AS_OF, arn, coverage, credential, key, policy, role, root, trust, user
from tests.findings.engine.inventory import cover, judge, put
from tests.pages.making import FORMULA, SCRIPT
from tests.pages.shown import text

Client = Callable[..., Any]
ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def names(response: Any) -> list[str]:
    return [row.record.name for row in response.context["list"].table.rows]


def page_of(entity: records.Entity) -> str:
    return f"/principals/000000000001/{entity.unique_id}/"


def documents(*bodies: Any) -> dict[str, Any]:
    return {records.digest(body): body for body in bodies}


def test_nothing_connected_and_nothing_collected_say_so(sign_in: Client, account: Account) -> None:
    assert "Nothing was collected yet" in text(sign_in().get("/principals/"))
    account.delete()
    assert "No account is connected" in text(sign_in().get("/principals/"))


def test_a_complete_collection_without_principals_says_so(sign_in: Client, account: Account) -> None:
    cover(account, coverage())
    account.coverage_set.update(complete_at=AS_OF)
    assert "There are no roles and users here" in text(sign_in().get("/principals/"))


def test_an_account_that_could_not_be_read_is_unknown(sign_in: Client, account: Account) -> None:
    denied = records.Coverage(
        api="iam:GetAccountAuthorizationDetails",
        state=records.State.DENIED,
        observed_at=AS_OF,
        permission="iam:GetAccountAuthorizationDetails",
    )
    cover(account, (denied,))
    page = text(sign_in().get(f"/principals/?account={account.aws_id}"))
    assert "Unknown" in page
    assert "it needs the permission iam:GetAccountAuthorizationDetails" in page


def test_riskiest_first_and_the_unjudged_are_there(sign_in: Client, account: Account) -> None:
    put(
        account, role("idle"), role("busy", used=1), user("alice"),
        credential("alice", password_enabled=True, password_last_used=1), root(),
    )  # fmt: skip
    client = sign_in()
    unjudged = client.get("/principals/")
    assert sorted(names(unjudged)) == ["alice", "busy", "idle"]
    assert "unknown: not judged yet" in text(unjudged)
    judge(account)
    assert names(client.get("/principals/")) == ["alice", "idle", "busy"]
    assert names(client.get("/principals/?sort=name&type=role")) == ["busy", "idle"]
    assert names(client.get("/principals/?tab=urgent")) == ["alice"]
    assert names(client.get("/principals/?findings=none")) == ["busy"]
    assert names(client.get("/principals/?kind=human-user")) == ["alice"]
    assert names(client.get("/principals/?boundary=yes")) == []
    assert names(client.get("/principals/?q=user/ALI")) == ["alice"]
    assert "password without MFA, no keys" in text(client.get("/principals/?type=user"))


def test_counts_lead_to_exactly_what_they_count(sign_in: Client, account: Account) -> None:
    """A user's counts include its keys'; another user whose name begins alike is not mixed in."""
    put(account, user("ann"), user("ann-marie"), key("ann", created=400), key("ann-marie", created=400))
    judge(account)
    ann = PrincipalPosture.objects.get(principal__name="ann")
    response = sign_in().get(f"/findings/?of={ann.principal.unique_id}")
    assert response.context["list"].total == ann.critical + ann.high + ann.medium + ann.low + ann.info > 0
    assert {f.record.subject_name.split(" of ")[-1] for f in response.context["list"].table.rows} == {"ann"}
    assert "Principal: ann" in text(response)


def test_the_gone_are_kept_apart(sign_in: Client, account: Account) -> None:
    put(account, old := role("old"), role("new"))
    put(account, role("new"))
    client = sign_in()
    assert "old" not in names(client.get("/principals/"))
    assert names(client.get("/principals/?tab=gone"))[0] in ("new", "old")
    gone = text(client.get(page_of(old)))
    assert "gone since" in gone
    assert "what stands here is what was last read of it" in gone
    assert "it was not judged yet" not in gone
    assert "its kind is not known" not in gone


def test_export_tells_kind_risk_and_credentials(sign_in: Client, account: Account) -> None:
    put(account, role(FORMULA), user("alice"), credential("alice", password_enabled=True))
    judge(account)
    response = sign_in().get("/principals/?export=csv&sort=name")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(response.body.decode(), newline=""))}
    assert rows["alice"]["credentials"] == "password without MFA, no keys"
    assert rows["alice"]["kind"] == "human-user"
    assert f"'{FORMULA}" in rows


def test_other_accounts_principals_are_not_there(sign_in: Client, account: Account, other_account: Account) -> None:
    put(account, mine := role("mine"))
    client = sign_in(accounts=[other_account])
    assert names(client.get("/principals/")) == []
    assert client.get(page_of(mine)).status_code == 404
    assert sign_in(accounts=[account]).get(page_of(mine)).status_code == 200


def test_why_credentials_are_unknown_is_said_once(sign_in: Client, account: Account) -> None:
    api = "iam:GetCredentialReport"
    denied = records.Coverage(api=api, state=records.State.DENIED, observed_at=AS_OF, permission=api)
    put(account, *(user(f"u{n}") for n in range(3)), covered=(*coverage()[:1], denied))
    page = text(sign_in().get("/principals/"))
    assert page.count("password and keys unknown") == 3
    why = "iam:GetCredentialReport was denied; it needs the permission iam:GetCredentialReport"
    assert page.count(why) == 1
    assert page.count("iam:ListAccessKeys was not collected") == 1


def test_queries_do_not_grow_with_rows(sign_in: Client, account: Account, django_assert_max_num_queries: Any) -> None:
    people = [user(f"u{i}") for i in range(20)]
    put(account, *people, *(credential(p.name) for p in people), *(role(f"r{i}") for i in range(20)))
    judge(account)
    client = sign_in()
    with django_assert_max_num_queries(24):
        assert len(names(client.get("/principals/"))) == 40


def test_role_page_reads_the_trust_policy(sign_in: Client, account: Account, other_account: Account) -> None:
    outside = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": ["arn:aws:iam::999999999999:root", f"arn:aws:iam::{other_account.aws_id}:role/ci"]},
        "Condition": {"StringEquals": {"sts:ExternalId": "abc"}},
    }
    body = trust(outside)
    put(account, made := role("deploy", trust=records.digest(body)))
    store_documents(account, body)
    assert "whoever account 999999999999 lets not judged yet" in text(sign_in().get(page_of(made)))
    judge(account)
    page = text(sign_in().get(page_of(made)))
    assert "whoever account 999999999999 lets external" in page
    assert "role ci in sandbox" in page
    assert "only if the external id is abc" in page


def test_role_page_says_what_is_unknown_and_never_leaves_it_blank(sign_in: Client, account: Account) -> None:
    put(account, made := role("app", boundary=arn("policy", "limits"), attached=(arn("policy", "gone"),)), covered=())
    account.document_set.all().delete()
    page = text(sign_in().get(page_of(made)))
    assert "unknown: not judged yet, so its kind is not known" in page
    assert "unknown: it was not judged yet" in page
    assert page.count("unknown: the document was not collected") == 3
    assert "iam:GetAccountAuthorizationDetails was not collected" in page
    assert "unknown: SCPs and RCPs are not visible: the account was not judged yet" in page


def test_role_page_shows_policies_boundary_and_findings(sign_in: Client, account: Account) -> None:
    limits = policy("limits", document=records.digest(ADMIN))
    made = role("idle", boundary=limits.arn, inline={"all": records.digest(ADMIN)})
    put(account, made, limits)
    store_documents(account, ADMIN, trust(Service="ec2.amazonaws.com"))
    judge(account)
    page = text(sign_in().get(page_of(made)))
    for said in ("1 open, 0 resolved", "the AWS service ec2.amazonaws.com", "all inline", "limits boundary",
                 "Machine: compute, high confidence: trusts ec2.amazonaws.com", "has not been used"):  # fmt: skip
        assert said in page, said


def test_user_page_shows_credentials_and_groups(sign_in: Client, account: Account) -> None:
    alice = user("alice", groups=("admins",))
    put(account, alice, credential("alice", password_enabled=True, password_last_used=3, mfa_active=True), key("alice"))
    judge(account)
    page = text(sign_in().get(page_of(alice)))
    for said in ("How does it sign in?", "enabled, last used", "admins", "active", "never, as far as AWS recorded"):
        assert said in page, said


def test_user_page_without_reports_says_why(sign_in: Client, account: Account) -> None:
    denied = records.Coverage(
        api="iam:GetCredentialReport",
        state=records.State.DENIED,
        observed_at=AS_OF,
        permission="iam:GetCredentialReport",
    )
    put(account, alice := user("alice"), covered=(*coverage()[:1], denied))
    page = text(sign_in().get(page_of(alice)))
    assert "unknown: iam:GetCredentialReport was denied; it needs the permission iam:GetCredentialReport" in page
    assert "keys unknown: iam:ListAccessKeys was not collected" in page


def test_timeline_tells_what_changed(sign_in: Client, account: Account) -> None:
    first = role("app", attached=(arn("policy", "read"),), tags={"team": "a"})
    later = records.from_json(
        records.Role, records.to_json(first) | {"attached": [arn("policy", "write")], "tags": {"team": "b"}}
    )
    put(account, first)
    Version.objects.update(seen_from=AS_OF - timedelta(days=2))
    put(account, later)
    judge(account)
    page = text(sign_in().get(page_of(first)))
    for said in (
        "write attached",
        "read detached",
        "tag team: a became b",
        "between Sun 2026-11-22 00:00 and Tue 2026-11-24 00:00",
    ):
        assert said in page, said


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    put(account, made := role(SCRIPT, path="/" + "x" * 400 + "/", tags={SCRIPT: SCRIPT}), user("alice", path="/é/"))
    for path in ("/principals/", page_of(made)):
        html = sign_in().get(path).content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html


@pytest.mark.parametrize("path", ["/principals/1/AROA/", "/principals/000000000001/" + "x" * 3000 + "/"])
def test_no_such_principal(sign_in: Client, account: Account, path: str) -> None:
    assert sign_in().get(path).status_code == 404


def test_pages_write_nothing(sign_in: Client, account: Account) -> None:
    put(account, made := role())
    assert sign_in().post(page_of(made)).status_code == 405
    assert Principal.objects.count() == 1
    assert not Finding.objects.exists()


def store_documents(account: Account, *bodies: Any) -> None:
    for digest, body in documents(*bodies).items():
        account.document_set.get_or_create(digest=digest, defaults={"body": body})
