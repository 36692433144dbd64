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
from findings.analysis.who_can import Index
from findings.models import AccountGuardrails
from iamdash.pages import indexes, who_can
from iamdash.pages.indexes import asked, at_hand
from tests.builders import arn, coverage, group, policy, role, trust, user
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, MFA, allow, deny, document
from tests.pages.making import SCRIPT
from tests.pages.shown import text
from tests.pages.test_principals import store_documents

Client = Callable[..., Any]
KEY = "arn:aws:s3:::payroll/2026.csv"
READER = document(allow("s3:GetObject", "arn:aws:s3:::payroll/*"))
MFA_READER = document(allow("s3:GetObject", "*", Condition=MFA))
NOT_PAYROLL = document(allow("s3:*"), {**deny("s3:*", "arn:aws:s3:::payroll/*"), "Sid": "KeepOut"})
NOTHING = document(allow("sqs:*"))
JUMP = document(allow("sts:AssumeRole", arn("role", "reader")))
NAMED = trust(AWS=arn("role", "hopper"))
OWN = trust(AWS="arn:aws:iam::000000000001:root")
ASK = {"action": "s3:GetObject", "resource": KEY}


@pytest.fixture(autouse=True)
def forgotten() -> None:
    indexes._entries.clear()


def inline(**named: Any) -> dict[str, str]:
    return {name: records.digest(body) for name, body in named.items()}


def filled(account: Account, *more: Any, covered: Any = None) -> None:
    store_documents(account, READER, MFA_READER, NOT_PAYROLL, NOTHING, EVERYTHING, JUMP, NAMED, OWN)
    limits = policy("limits", document=records.digest(NOTHING))
    put(
        account,
        limits,
        role("reader", inline=inline(read=READER), trust=records.digest(OWN)),
        role("careful", inline=inline(mfa=MFA_READER)),
        role("kept-out", inline=inline(all=NOT_PAYROLL)),
        role("bounded", inline=inline(all=EVERYTHING), boundary=limits.arn),
        user("jumper", inline=inline(jump=JUMP)),
        user("idle", inline=inline(no=NOTHING)),
        *more,
        covered=covered,
    )


def answers(response: Any) -> dict[str, str]:
    return {row.holder.name: row.answer.verdict for row in response.context["part"].rows}


def test_nothing_asked_and_nobody_connected(sign_in: Client, db: None) -> None:
    client = sign_in()
    page = text(client.get("/who-can/"))
    assert "Who can?" in page
    assert "of 0 principals" not in page
    assert "No account is connected" in text(client.get("/who-can/", ASK))


def test_who_can_with_verdict_statement_and_way(sign_in: Client, account: Account) -> None:
    filled(account)
    response = sign_in().get("/who-can/", ASK)
    assert answers(response) == {"reader": "allowed", "jumper": "allowed", "careful": "conditional"}
    page = text(response)
    for said in (
        "3 of 6 principals, 2 of them for sure",
        "by assuming reader",
        "it hangs on aws:MultiFactorAuthPresent",
        "statement 1 of the identity policy read",
        "not visible: SCPs",
    ):
        assert said in page, said


def test_what_is_given_decides_conditions(sign_in: Client, account: Account) -> None:
    filled(account)
    client = sign_in()
    given = ASK | {"context": "aws:MultiFactorAuthPresent=true"}
    assert answers(client.get("/who-can/", given))["careful"] == "allowed"
    assert "careful" not in answers(client.get("/who-can/", ASK | {"context": "aws:multifactorauthpresent="}))


def test_a_hop_that_hangs_on_a_key_is_not_for_sure(sign_in: Client, account: Account) -> None:
    asks = trust(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arn("role", "hopper")}, "Condition": MFA}
    )
    store_documents(account, asks, READER)
    put(account, role("reader", inline=inline(read=READER), trust=records.digest(asks)), role("hopper"))
    response = sign_in().get("/who-can/", ASK)
    assert answers(response) == {"reader": "allowed", "hopper": "conditional"}
    assert "it hangs on aws:MultiFactorAuthPresent" in text(response)


def test_hops_one_after_another(sign_in: Client, account: Account) -> None:
    chain = [role("r0", inline=inline(read=READER), trust=records.digest(trust(AWS=arn("role", "r1"))))]
    for n in range(1, 6):
        body = trust(AWS=arn("role", f"r{n + 1}"))
        store_documents(account, body)
        chain.append(role(f"r{n}", trust=records.digest(body)))
    store_documents(account, READER, trust(AWS=arn("role", "r1")))
    put(account, *chain)
    response = sign_in().get("/who-can/", ASK)
    assert {row.holder.name: [r.name for r in row.via] for row in response.context["part"].rows} == {
        "r0": [], "r1": ["r0"], "r2": ["r1", "r0"], "r3": ["r2", "r1", "r0"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"action": "s3:GetObjet"}, "Did you mean s3:GetObject"),
        ({"action": "nothing:Here"}, "No action"),
        ({"action": "GetObject"}, "is no action: write service:Action"),
        ({"action": "s3:*"}, "Ask about one action"),
        ({"action": "s3:Get\0"}, "is no action"),
        ({"action": SCRIPT}, "is no action"),
        ({"resource": KEY}, "is no action"),
        ({"action": "s3:GetObject", "resource": "bucket/key"}, "is no ARN: it has six parts"),
        ({"action": "s3:GetObject", "resource": "arn:aws:s3"}, "is no ARN"),
        ({"action": "s3:GetObject", "resource": "arn:aws:s3:::a\0"}, "is no ARN"),
        ({"action": "s3:GetObject", "resource": "arn:aws:s3:::a/*"}, "Ask about one resource"),
        ({"action": "s3:GetObject", "resource": "arn:aws:s3:::" + "a" * 3000}, "at most 2,048 characters"),
        ({"action": "s3:GetObject", "context": "MFA"}, "is no key=value"),
        ({"action": "s3:GetObject", "context": "=true"}, "is no key=value"),
        ({"action": "s3:GetObject", "context": "a=b\n" * 21}, "at most 20 condition keys"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_how_to_ask(
    sign_in: Client, account: Account, asked: dict[str, str], fault: str
) -> None:
    filled(account)
    unique_id = account.principal_set.get(name="reader").unique_id
    client = sign_in()
    for path in ("/who-can/", f"/who-can/{account.aws_id}/{unique_id}/"):
        response = client.get(path, asked)
        assert response.status_code == 200
        assert fault in text(response)
        assert 'role="alert"' in response.content.decode()
        assert SCRIPT not in response.content.decode()
        assert "part" not in response.context
        assert "answer" not in response.context


def test_a_resource_that_the_action_does_not_take_is_doubted(sign_in: Client, account: Account) -> None:
    filled(account)
    asked = {"action": "s3:GetObject", "resource": "arn:aws:sqs:eu-west-1:000000000001:jobs"}
    assert "it is not done on a resource of this form" in text(sign_in().get("/who-can/", asked))
    assert "of this form" not in text(sign_in().get("/who-can/", ASK))


def test_a_denied_source_and_unread_policies_are_told(sign_in: Client, account: Account) -> None:
    filled(
        account,
        role("dark", inline={"lost": "never-collected"}),
        covered=coverage(GetAccountAuthorizationDetails=State.DENIED),
    )
    page = text(sign_in().get("/who-can/", ASK))
    assert "There may be more: iam:GetAccountAuthorizationDetails was denied" in page
    assert "it needs the permission iam:GetAccountAuthorizationDetails" in page
    assert "dark" in page
    assert "the policy inline:lost could not be read" in page


def test_only_accounts_of_the_operator_and_of_the_selector(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    filled(account)
    store_documents(other_account, READER)
    put(other_account, role("elsewhere", inline=inline(read=READER)))
    everything = sign_in()
    assert "elsewhere" in answers(everything.get("/who-can/", ASK))
    assert list(answers(everything.get("/who-can/", ASK | {"account": other_account.aws_id}))) == ["elsewhere"]
    mine = sign_in(accounts=[account])
    assert "elsewhere" not in answers(mine.get("/who-can/", ASK)), (
        "what one operator made ready is not shown to another"
    )
    assert answers(mine.get("/who-can/", ASK | {"account": other_account.aws_id})) == {}
    elsewhere = other_account.principal_set.get()
    assert mine.get(f"/who-can/{other_account.aws_id}/{elsewhere.unique_id}/", ASK).status_code == 404


def test_export(sign_in: Client, account: Account) -> None:
    filled(account)
    client = sign_in()
    response = client.get("/who-can/", ASK | {"export": "csv"})
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(response.body.decode(), newline=""))}
    assert rows["jumper"]["via"] == json.dumps([arn("role", "reader")])
    assert rows["careful"]["condition_keys"] == '["aws:MultiFactorAuthPresent"]'
    lines = [json.loads(line) for line in client.get("/who-can/", ASK | {"export": "jsonl"}).body.splitlines()]
    assert {line["name"]: line["verdict"] for line in lines} == {
        "reader": "allowed",
        "careful": "conditional",
        "jumper": "allowed",
    }
    assert "attachment" in response.headers["Content-Disposition"]
    assert client.get("/who-can/", {"export": "csv"}).headers["Content-Type"].startswith("text/html"), (
        "nothing was asked"
    )


QUERIES = 16  # the frame, the accounts, their ages and gaps; each batch of accounts takes 6 more


def crowd(n: int) -> list[Account]:
    made = [Account(aws_id=f"{number:012d}", name=f"a{number:03d}") for number in range(100, 100 + n)]
    Account.objects.bulk_create(made)
    for one in made:
        store_documents(one, READER)
        put(one, role(f"role-{one.aws_id}", inline=inline(read=READER)))
    return made


def test_many_accounts_take_few_queries_and_come_in_parts(
    sign_in: Client, db: None, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    crowd(25)
    client = sign_in()
    client.get("/who-can/")
    with django_assert_max_num_queries(QUERIES + 6):
        assert len(answers(client.get("/who-can/", ASK))) == 25
    monkeypatch.setattr(indexes, "BATCH", 10)
    with django_assert_max_num_queries(QUERIES + 3 * 6):
        assert len(answers(client.get("/who-can/", ASK))) == 25
    monkeypatch.setattr(who_can, "ENOUGH", 10)
    seen: list[str] = []
    url = "/who-can/?action=s3:GetObject&resource=" + KEY
    for _ in range(3):
        response = client.get(url)
        seen += answers(response)
        url = f"/who-can/{response.context['next_url']}"
    assert len(seen) == len(set(seen)) == 25
    assert response.context["next_url"] == ""
    assert "Accounts 21 to 25 of 25" in text(response)


ASKED = ("s3:GetObject", "sts:AssumeRole")


def test_no_time_is_no_dead_end(db: None) -> None:
    accounts = crowd(3)
    done = [account.name for account, _ in asked(accounts, ASKED, patience=-1)]
    assert done == ["a100"], "one at least"
    assert [account.name for account, _ in asked(accounts[1:], ASKED, patience=-1)] == ["a101"]


def test_memory_is_bounded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = crowd(6)
    assert [account for account, _ in asked(accounts, ASKED)] == accounts
    assert not indexes._entries, "what is made for one question is not kept"
    monkeypatch.setattr(indexes, "KEPT", 3 * (indexes.OF_HOLDER + 2 * indexes.OF_DOCUMENT))
    for account in accounts:
        assert at_hand(account) is not None
    assert len(indexes._entries) <= 3


UNUSUAL = {
    "plain": READER,
    "other": NOTHING,
    "denies": NOT_PAYROLL,
    "not": document({"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}),
    "not-this": document({"Effect": "Allow", "NotAction": ["s3:Get*"], "Resource": "*"}),
    "pattern": document(allow("S3:*GetObj?ct")),
    "single": {"Version": "2012-10-17", "Statement": allow("s3:GetObject")},
    "old": {"Statement": [allow("s3:GetObject")]},
    "text": "{not json",
    "no-effect": {"Version": "2012-10-17", "Statement": [{"Action": "sqs:*", "Resource": "*"}]},
    "number": {"Version": "2012-10-17", "Statement": [allow(7)]},
    "case": {"Version": "2012-10-17", "statement": [allow("sqs:*")]},
    "bare": {"Version": "2012-10-17"},
    "list": [allow("s3:GetObject")],
    "condition": document(allow("sqs:*", Condition={"Bool": "true"})),
}


def test_what_is_left_out_changes_no_answer(account: Account) -> None:
    """Also unreadable documents stay unknown, whatever they may be about."""
    store_documents(account, *UNUSUAL.values(), OWN)
    limits = policy("limits", document=records.digest(NOTHING))
    bounds = policy("bounds", document=records.digest(READER))
    put(
        account,
        limits,
        bounds,
        *(role(name, inline=inline(p=body), trust=records.digest(OWN)) for name, body in UNUSUAL.items()),
        *(user(f"{name}-bounded", inline=inline(p=body), boundary=bounds.arn) for name, body in UNUSUAL.items()),
        user("limited", inline=inline(p=READER), boundary=limits.arn),
    )

    def said(index: Index) -> list[tuple[Any, ...]]:
        cans = index.who_can("s3:GetObject", KEY)
        return [
            (can.holder.name, can.decision.verdict, can.decision.keys, can.decision.unseen, bool(can.unknown))
            for can in cans
        ]

    ((_, narrow),) = asked([account], ASKED)
    whole = at_hand(account)
    assert whole is not None
    assert said(narrow) == said(whole)
    assert {name for name, *_ in said(narrow)} >= {"plain", "not", "pattern", "single", "old", "text", "number"}
    assert records.digest(NOTHING) not in narrow.facts.snapshot.documents


def test_an_account_is_read_again_when_it_or_what_binds_it_changes(account: Account) -> None:
    store_documents(account, READER)
    put(account, role("reader", inline=inline(read=READER)))
    first = at_hand(account)
    assert first is not None
    assert at_hand(account) is first
    judge(account)
    second = at_hand(account)
    assert second is not first, "the judgement found out which SCPs bind it"
    AccountGuardrails.objects.update(digest="another")
    assert at_hand(account) is not second


def test_why_names_the_statement_and_what_blocks(sign_in: Client, account: Account) -> None:
    filled(account)
    client = sign_in()

    def why(name: str, **asked: str) -> str:
        unique_id = account.principal_set.get(name=name).unique_id
        return text(client.get(f"/who-can/{account.aws_id}/{unique_id}/", ASK | asked))

    assert "Allowed" in why("reader")
    assert "statement 1 of the identity policy read" in why("reader")
    assert "Denied by statement 2 (KeepOut) of the identity policy all" in why("kept-out")
    assert "its permissions boundary does not allow it" in why("bounded")
    assert "What blocks it the permissions boundary limits, which does not allow it" in why("bounded")
    assert "no identity policy allows it" in why("idle")
    assert "Conditional" in why("careful")
    assert "Allowed" in why("careful", context="aws:MultiFactorAuthPresent=true")
    assert "unknown: SCPs and RCPs are not visible: the account was not judged yet" in why("reader")


def test_why_reads_groups_and_trust(sign_in: Client, account: Account) -> None:
    filled(account, group("readers", inline=inline(read=READER)), member := user("member", groups=("readers",)))
    client = sign_in()
    assert "Allowed" in text(client.get(f"/who-can/{account.aws_id}/{member.unique_id}/", ASK))
    jumper = account.principal_set.get(name="jumper").unique_id
    asked = {"action": "sts:AssumeRole", "resource": arn("role", "reader")}
    assert "Allowed" in text(client.get(f"/who-can/{account.aws_id}/{jumper}/", asked))
    asked = {"action": "sts:AssumeRole", "resource": arn("role", "careful")}
    assert "Denied" in text(client.get(f"/who-can/{account.aws_id}/{jumper}/", asked))


def test_who_can_leads_to_why_with_the_question(sign_in: Client, account: Account) -> None:
    filled(account)
    client = sign_in()
    html = client.get("/who-can/", ASK).content.decode()
    unique_id = account.principal_set.get(name="careful").unique_id
    start = f'href="/who-can/{account.aws_id}/{unique_id}/?'
    link = html[html.index(start) + 6 :].split('"')[0].replace("&amp;", "&")
    assert "Conditional" in text(client.get(link))


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    body = document(
        {**allow("s3:GetObject", "*"), "Sid": SCRIPT},
        {**allow("s3:GetObject", "*", Condition={"Bool": {SCRIPT: SCRIPT}})},
    )
    store_documents(account, body)
    put(account, one := role(SCRIPT, inline=inline(**{SCRIPT: body})))
    client = sign_in()
    for path in ("/who-can/", f"/who-can/{account.aws_id}/{one.unique_id}/"):
        html = client.get(path, ASK | {"context": f"{SCRIPT}=1"}).content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html
