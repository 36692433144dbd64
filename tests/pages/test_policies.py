from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from collectors import records
from collectors.models import Account, Principal
from collectors.records import State
from iamdash.pages.grants import Grant, GrantError, parse_grant
from iamdash.pages.searching import found_by
from tests.builders import AS_OF, arn, aws_policy, coverage, group, policy, role, user
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, MFA, allow, deny, document
from tests.pages.making import FORMULA, SCRIPT, finding
from tests.pages.shown import text
from tests.pages.test_principals import names, store_documents

Client = Callable[..., Any]
DELETER = document(allow(["s3:DeleteBucket", "s3:Get*"], "arn:aws:s3:::logs"))
WIDE = document(allow("s3:*", "*", Condition=MFA))
DENIED = document(allow("s3:*"), deny("s3:DeleteBucket"))
NOT = document({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::logs"})
QUEUE = document(allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:000000000001:jobs"))
UNREADABLE = "{not json"
BODIES = {
    "deleter": DELETER,
    "wide": WIDE,
    "denied": DENIED,
    "not": NOT,
    "queue": QUEUE,
    "everything": EVERYTHING,
    "broken": UNREADABLE,
}


def made(name: str, body: Any, **more: Any) -> records.Policy:
    return policy(name, document=records.digest(body), **more)


def filled(account: Account, *more: Any, covered: Any = None) -> dict[str, records.Policy]:
    store_documents(account, *BODIES.values())
    policies = {name: made(name, body) for name, body in BODIES.items()}
    put(account, *policies.values(), *more, covered=covered)
    return policies


def page_of(one: records.Policy) -> str:
    return f"/policies/000000000001/{one.unique_id}/"


def test_nothing_connected_nothing_collected_and_nothing_there_say_so(sign_in: Client, account: Account) -> None:
    client = sign_in()
    assert "Nothing was collected yet" in text(client.get("/policies/"))
    put(account)
    account.coverage_set.update(complete_at=AS_OF)
    assert "No customer-managed policy" in text(client.get("/policies/"))
    assert "No policy was deleted" in text(client.get("/policies/?tab=gone"))
    account.delete()
    assert "No account is connected" in text(client.get("/policies/"))


def test_a_denied_source_is_named(sign_in: Client, account: Account) -> None:
    filled(account, covered=coverage(GetAccountAuthorizationDetails=State.DENIED))
    page = text(sign_in().get("/policies/"))
    assert "There may be more: iam:GetAccountAuthorizationDetails was denied" in page
    assert "it needs the permission iam:GetAccountAuthorizationDetails" in page


def test_what_each_grants_in_a_line(sign_in: Client, account: Account) -> None:
    filled(account)
    page = text(sign_in().get("/policies/"))
    for said in (
        "everything on everything",
        "Write in s3, on named resources",
        "unknown: the text is not JSON",
        "nobody",
        "Write in sqs",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("s3:DeleteBucket", ["deleter", "everything", "not", "wide"]),
        ("s3:deletebucket on arn:aws:s3:::logs", ["deleter", "everything", "wide"]),
        ("s3:DeleteBucket on arn:aws:s3:::other", ["everything", "not", "wide"]),
        ("sqs:*", ["everything", "not", "queue"]),
        ("iam:CreateUser", ["everything"]),
        ("* on arn:aws:sqs:eu-west-1:000000000001:jobs", ["everything", "not", "queue"]),
        ("arn:aws:s3:::logs", ["deleter", "not"]),
        ("arn:aws:sqs:eu-west-1:000000000001:jobs", ["queue"]),
        ("arn:aws:sqs:eu-west-1:000000000001:others", []),
    ],
)
def test_search_by_action_and_arn(sign_in: Client, account: Account, asked: str, found: list[str]) -> None:
    filled(account)
    response = sign_in().get("/policies/", {"allows": asked, "sort": "name"})
    assert names(response) == found
    assert ("allows" if not asked.startswith("arn") else "names") in text(response)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ("s3:DeleteBukket", "No action that we know matches"),
        ("DeleteBucket", "is no action: write s3:PutObject"),
        ("s3:GetObject on bucket", "is no ARN: it has six parts"),
        ("arn:aws:s3", "is no ARN"),
        ("s3:GetObject on arn:aws:s3:::a\0b", "is no ARN"),
        ("x" * 3000, "more than 2,200 characters"),
        (SCRIPT, "is no action"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_how_to_ask(
    sign_in: Client, account: Account, asked: str, fault: str
) -> None:
    filled(account)
    response = sign_in().get("/policies/", {"allows": asked})
    assert fault in text(response)
    assert SCRIPT not in response.content.decode()
    assert len(names(response)) == len(BODIES), "nothing is left out for what was not understood"


@pytest.mark.parametrize(
    ("asked", "grant"),
    [
        (" s3:GetObject  on  arn:aws:s3:::b/k ", Grant("s3:GetObject", "arn:aws:s3:::b/k")),
        ("*", Grant("*", "")),
        ("ARN:aws:s3:::b", GrantError),
        (" on ", GrantError),
        ("", GrantError),
    ],
)
def test_parse_grant(asked: str, grant: Any) -> None:
    if grant is GrantError:
        with pytest.raises(GrantError):
            parse_grant(asked)
    else:
        assert parse_grant(asked) == grant


def test_the_question_keeps_the_other_filters(sign_in: Client, account: Account) -> None:
    filled(account)
    html = sign_in().get("/policies/?q=e&attached=no&account=000000000001").content.decode()
    form = html[html.index('aria-label="By what they say"') :]
    for name, value in (("q", "e"), ("attached", "no"), ("account", "000000000001")):
        assert f'name="{name}" value="{value}"' in form[: form.index("</form>")]


def test_other_accounts_policies_are_not_there(sign_in: Client, account: Account, other_account: Account) -> None:
    policies = filled(account)
    client = sign_in(accounts=[other_account])
    assert names(client.get("/policies/")) == []
    assert names(client.get("/policies/?allows=s3:DeleteBucket")) == []
    assert client.get(page_of(policies["wide"])).status_code == 404
    assert sign_in(accounts=[account]).get(page_of(policies["wide"])).status_code == 200


def test_export_holds_documents_and_counts(sign_in: Client, account: Account) -> None:
    store_documents(account, WIDE)
    put(account, one := made(FORMULA, WIDE))
    finding(account, "LP203", subject_type="policy", subject_id=one.unique_id)
    response = sign_in().get("/policies/?export=csv")
    (row,) = csv.DictReader(io.StringIO(response.body.decode(), newline=""))
    assert (row["name"], row["open_medium"]) == (f"'{FORMULA}", "1")
    assert "s3:*" in row["document"]


def test_queries_do_not_grow_with_rows(sign_in: Client, account: Account, django_assert_num_queries: Any) -> None:
    client = sign_in()
    filled(account)
    client.get("/policies/?allows=s3:*")
    with django_assert_num_queries(QUERIES):
        client.get("/policies/?allows=s3:*")
    put(account, *(made(f"p{n}", WIDE) for n in range(60)))
    with django_assert_num_queries(QUERIES):
        assert len(names(client.get("/policies/?allows=s3:*"))) == 50


# Transaction, role and read-only: 4; session and operator: 2; documents that allow it: 1; ids, tabs, rows, documents: 4;
# facets: 2; gaps: 2; frame: 2; the test client's own role: 2.
QUERIES = 19


def test_policy_page_shows_statements_effect_and_holders(sign_in: Client, account: Account) -> None:
    one = filled(account)["wide"]
    store_documents(account, WIDE)
    put(
        account,
        one,
        role("reader", attached=(one.arn,)),
        user("alice", boundary=one.arn),
        group("devs", attached=(one.arn,)),
    )
    client = sign_in()
    assert "unknown: it was not judged yet" in text(client.get(page_of(one)))
    judge(account)
    page = text(client.get(page_of(one)))
    for said in (
        "Nothing is open on this policy",
        "Allow s3:*",
        "signed in with MFA",
        "Amazon S3",
        "reader role",
        "devs group",
        "Permissions boundary of alice",
    ):
        assert said in page, said


def test_policy_page_tells_what_each_version_gained_and_lost(sign_in: Client, account: Account) -> None:
    before, after = (
        document(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*")),
        document(allow(["s3:GetObject", "iam:CreateUser"])),
    )
    versions = tuple(
        records.PolicyVersion(
            version_id=f"v{n}",
            document=records.digest(body) if body else "gone",
            created_at=AS_OF - timedelta(days=9 - n),
        )
        for n, body in enumerate((before, after, after, None), 1)
    )
    one = made("changed", after, versions=versions)
    store_documents(account, before, after)
    put(account, one)
    page = text(sign_in().get(page_of(one)))
    for said in (
        "v4",
        "unknown: a document was not collected",
        "the same actions",
        "gains 1: iam:CreateUser",
        "loses 1: s3:PutObject",
        "1 action no longer limited to resources",
        "The oldest that AWS keeps: 2 actions",
        '+ "iam:CreateUser"'.replace('"', "&quot;"),
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("body", "said"), [(UNREADABLE, "the text is not JSON"), (None, "the document was not collected")]
)
def test_policy_page_of_what_cannot_be_read(sign_in: Client, account: Account, body: Any, said: str) -> None:
    one = made("broken", body)
    if body:
        store_documents(account, body)
    put(account, one)
    assert f"unknown: {said}" in text(sign_in().get(page_of(one)))


def test_holders_are_looked_up_in_one_account_and_among_those_that_are_seen(
    account: Account, other_account: Account
) -> None:
    everywhere = aws_policy("ReadOnlyAccess")
    put(account, role("mine", attached=(everywhere,)), role("bound", boundary=everywhere), role("other"))
    put(other_account, role("theirs", attached=(everywhere,)))
    with db_role("iamdash_web"), connection.cursor() as cursor:
        cursor.execute("select set_config('iamdash.accounts', %s, true)", [f"{{{account.pk}}}"])
        found = Principal.objects.filter(pk__in=found_by("holders_sought", account.pk, everywhere))
        assert {one.name for one in found} == {"mine", "bound"}
        assert found_by("holders_sought", other_account.pk, everywhere) == []
    assert len(found_by("holders_sought", other_account.pk, everywhere)) == 1


def test_an_aws_policy_and_a_deleted_one(sign_in: Client, account: Account) -> None:
    theirs = records.from_json(
        records.Policy, records.to_json(made("ReadOnlyAccess", WIDE)) | {"arn": aws_policy("ReadOnlyAccess")}
    )
    put(account, theirs, old := made("old", WIDE))
    put(account, theirs)
    client = sign_in()
    assert names(client.get("/policies/?tab=aws")) == ["ReadOnlyAccess"]
    assert names(client.get("/policies/?tab=gone")) == ["old"]
    assert "gone since" in text(client.get(page_of(old)))


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    body = document({**allow([SCRIPT, "s3:GetObject"], SCRIPT), "Sid": SCRIPT, "Condition": {SCRIPT: {SCRIPT: SCRIPT}}})
    store_documents(account, body)
    put(
        account,
        one := made(SCRIPT, body),
        role(SCRIPT, attached=(one.arn,), boundary=one.arn),
        group(SCRIPT, attached=(one.arn,)),
    )
    for path in ("/policies/", page_of(one)):
        html = sign_in().get(path).content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html


def test_counts_lead_to_what_they_count(sign_in: Client, account: Account) -> None:
    one = filled(account)["wide"]
    finding(account, "LP203", subject_type="policy", subject_id=one.unique_id)
    client = sign_in()
    html = client.get("/policies/?q=wide").content.decode()
    (link,) = [
        part.split('"')[0].replace("&amp;", "&") for part in html.split('href="') if part.startswith("/findings/?of=")
    ]
    assert client.get(link).context["list"].total == 1
    assert page_of(one) in client.get(link).content.decode(), "and from there back to the policy"
    assert arn("policy", "wide") in client.get(page_of(one)).content.decode()
