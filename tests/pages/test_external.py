from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors import records
from collectors.models import Account
from collectors.records import State
from findings.models import ExternalAccess
from tests.builders import AS_OF, coverage, details, in_organization, role, trust
from tests.findings.engine.inventory import judge, put
from tests.pages.making import FORMULA, SCRIPT, finding
from tests.pages.shown import text
from tests.pages.test_principals import store_documents

Client = Callable[..., Any]
STRANGER, DATADOG = "999999999999", "464622532012"
ALONE = details(organization=records.Organization(organization_id="", management_account_id="", features=""))


def allowing(action: str = "sts:AssumeRole", condition: Any = None, **principal: Any) -> dict[str, Any]:
    asked = {"Condition": condition} if condition else {}
    return trust({"Effect": "Allow", "Action": action, "Principal": principal, **asked})


EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "a-shared-secret"}}
TRUSTS = {
    "stranger": allowing(AWS=f"arn:aws:iam::{STRANGER}:root"),
    "vendor": allowing(condition=EXTERNAL_ID, AWS=DATADOG),
    "public": allowing(AWS="*"),
    "perhaps": allowing(condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}, AWS="*"),
    "pipeline": allowing(
        "sts:AssumeRoleWithWebIdentity",
        Federated="arn:aws:iam::000000000001:oidc-provider/token.actions.githubusercontent.com",
    ),
    "ours": allowing(AWS="arn:aws:iam::000000000001:root"),
    "service": allowing(Service="lambda.amazonaws.com"),
    "left": allowing(AWS="AROA0000000000000001"),
}


def filled(account: Account, *more: Any, names: Any = TRUSTS, covered: Any = None) -> None:
    store_documents(account, *TRUSTS.values())
    put(account, *(role(name, trust=records.digest(TRUSTS[name])) for name in names), *more, covered=covered)
    judge(account)


def roles(response: Any) -> list[str]:
    return [row.record.role.name for row in response.context["list"].table.rows]


def test_nothing_connected_nothing_judged_and_nobody_outside_say_so(sign_in: Client, account: Account) -> None:
    client = sign_in()
    assert "1 of 1 account was not judged yet" in text(client.get("/external-access/"))
    filled(account, ALONE, names=("ours", "service", "left"))
    page = text(client.get("/external-access/"))
    assert "Nobody outside may become a role" in page
    assert "3 roles checked" in page
    assert "unknown" not in page
    assert "Every trust policy was read" in text(client.get("/external-access/?tab=unread"))
    account.delete()
    assert "No account is connected" in text(client.get("/external-access/"))


def test_gravest_first_in_words(sign_in: Client, account: Account) -> None:
    filled(account, ALONE)
    client = sign_in()
    response = client.get("/external-access/")
    assert roles(response) == ["public", "stranger", "perhaps", "vendor"]
    page = text(response)
    for said in (
        "anyone, in any AWS account public",
        f"whoever account {STRANGER} lets external",
        "anyone who meets the conditions may be ours",
        "Datadog known vendor",
        "an external id is given",
        "no external id",
    ):
        assert said in page, said
    assert "a-shared-secret" not in page
    assert roles(client.get("/external-access/?tab=providers")) == ["pipeline"]


def test_filters_and_search(sign_in: Client, account: Account) -> None:
    filled(account, ALONE)
    client = sign_in()
    for asked, found in {
        "standing=stranger": ["stranger"],
        "kind=account": ["stranger", "vendor"],
        "external-id=no": ["stranger"],
        f"from={DATADOG}": ["vendor"],
        "q=datadog": ["vendor"],
        "q=role/str": ["stranger"],
        "from=1": ["public", "stranger", "perhaps", "vendor"],
        "q=nobody-is-called-so": [],
    }.items():
        assert roles(client.get(f"/external-access/?{asked}")) == found, asked
    assert "ignored: from = 1" in text(client.get("/external-access/?from=1"))
    assert f"{DATADOG} (Datadog)" in text(client.get("/external-access/"))


def test_accounts_of_the_organization_are_inside(sign_in: Client, account: Account) -> None:
    filled(account, in_organization(management_account_id=STRANGER))
    assert "stranger" not in roles(sign_in().get("/external-access/"))


def test_an_organization_that_nobody_could_list_makes_strangers_doubtful(sign_in: Client, account: Account) -> None:
    filled(account, in_organization())
    page = text(sign_in().get("/external-access/"))
    assert "the accounts of the organization are not visible, so it may be one of them" in page


def test_an_unknown_organization_and_unread_trusts_are_told(sign_in: Client, account: Account) -> None:
    filled(account, role("unread", trust="not-collected"))
    client = sign_in()
    page = text(client.get("/external-access/"))
    assert "The organization of 1 account is not known" in page
    assert "organizations:DescribeOrganization" in page
    unread = client.get("/external-access/?tab=unread")
    assert roles(unread) == ["unread"]
    assert "unknown: the trust policy could not be read: the document was not collected" in text(unread)


def test_a_denied_source_is_named(sign_in: Client, account: Account) -> None:
    filled(account, names=(), covered=coverage(GetAccountAuthorizationDetails=State.DENIED))
    page = text(sign_in().get("/external-access/"))
    assert "it needs the permission iam:GetAccountAuthorizationDetails" in page
    assert "Nobody outside" not in page


def test_findings_are_counted_and_linked(sign_in: Client, account: Account) -> None:
    filled(account, ALONE, names=("public",))
    unique_id = ExternalAccess.objects.get().role.unique_id
    finding(account, "LP401", subject_id=unique_id)
    finding(account, "KY101", subject_id=unique_id)
    client = sign_in()
    page = client.get("/external-access/").content.decode()
    (link,) = [
        part.split('"')[0].replace("&amp;", "&") for part in page.split('href="') if part.startswith("/findings/?of=")
    ]
    assert client.get(link).context["list"].total == 1


def test_export(sign_in: Client, account: Account) -> None:
    filled(account, ALONE)
    client = sign_in()
    rows = list(csv.DictReader(io.StringIO(client.get("/external-access/?export=csv").body.decode(), newline="")))
    assert [row["role"] for row in rows] == ["public", "stranger", "perhaps", "vendor"]
    assert "a-shared-secret" not in str(rows)
    lines = [json.loads(line) for line in client.get("/external-access/?export=jsonl&q=datadog").body.splitlines()]
    assert [(line["vendor"], line["external_id"], line["standing"]) for line in lines] == [("Datadog", True, "vendor")]


def test_other_accounts_outsiders_are_not_there(sign_in: Client, account: Account, other_account: Account) -> None:
    filled(account, ALONE)
    assert roles(sign_in(accounts=[other_account]).get("/external-access/")) == []
    assert len(roles(sign_in(accounts=[account]).get("/external-access/"))) == 4


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    hostile = allowing(AWS=[f"arn:aws:iam::{STRANGER}:role/{SCRIPT}", SCRIPT], condition={SCRIPT: {SCRIPT: FORMULA}})
    store_documents(account, hostile)
    filled(account, ALONE, role(SCRIPT, trust=records.digest(hostile)), names=())
    html = sign_in().get("/external-access/").content.decode()
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html


def test_a_trust_that_was_closed_is_gone_and_nothing_is_written_twice(account: Account) -> None:
    filled(account, ALONE)
    before = set(ExternalAccess.objects.values_list("pk", flat=True))
    judge(account, AS_OF)
    assert set(ExternalAccess.objects.values_list("pk", flat=True)) == before
    filled(account, ALONE, names=("stranger", "ours"))
    assert [row.outsider for row in ExternalAccess.objects.all()] == [STRANGER]


def test_a_list_takes_a_fixed_number_of_queries(
    sign_in: Client, account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    filled(account, ALONE, names=("stranger",))
    client.get("/external-access/")
    with django_assert_num_queries(QUERIES):
        client.get("/external-access/")
    store_documents(account, TRUSTS["public"])
    put(account, ALONE, *(role(f"r{n}", trust=records.digest(TRUSTS["public"])) for n in range(60)))
    judge(account)
    with django_assert_num_queries(QUERIES):
        assert len(roles(client.get("/external-access/"))) == 50


# Transaction, role and read-only: 4; session and operator: 2; ids, tabs, rows: 3; facets: 5; what was checked: 4;
# frame: 2; the test client's own role: 2.
QUERIES = 19


@pytest.mark.parametrize("query", ["?after=x", "?before=%00"])
def test_a_damaged_cursor_is_a_bad_request(sign_in: Client, account: Account, query: str) -> None:
    assert sign_in().get(f"/external-access/{query}").status_code == 400
