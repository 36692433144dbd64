"""What would a guardrail have blocked?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors import records
from collectors.models import Account, UsageDaily, UsageEvent, UsageLast
from findings.analysis.what_if.baselines import BASELINES
from findings.models import AccountGuarding, DecidedSetting, Finding
from tests.builders import role, user
from tests.findings.engine.inventory import put
from tests.findings.worlds import EVERYTHING, allow, deny, document
from tests.pages.acted import actor, judge_now, named, said, used, watch
from tests.pages.making import SCRIPT
from tests.pages.test_principals import store_documents

Client = Callable[..., Any]
ELSEWHERE = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
OFFICE = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
EC2 = document(deny("ec2:*", "*", Condition=ELSEWHERE))


def ask(client: Any, body: Any, place: str = "all", **more: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/guardrails/what-if/", {"kind": "scp", "document": text, "place": place, **more})


def placed(account: Account, *path: tuple[str, str], organization: str = "o-1", management: bool = False) -> None:
    AccountGuarding.objects.create(
        account=account, organization_id=organization, organization_known=True, management=management,
        path=[list(one) for one in path], unit=path[-1][0], holders=1, bounded=0, unread=0, limited=False, digest="d",
    )  # fmt: skip


def test_nothing_connected_and_nothing_asked(sign_in: Client, db: None) -> None:
    page = said(sign_in().get("/guardrails/what-if/"))
    assert "What would it block?" in page
    assert "No account is connected" in page


def test_nothing_used_and_no_trail(sign_in: Client, account: Account) -> None:
    page = said(ask(sign_in(), EC2))
    assert "Nothing was seen to be used here" in page
    assert "Of 1 of 1 account no trail was read" in page


def test_what_is_let_through_says_how_many_are_not_touched(sign_in: Client, account: Account) -> None:
    watch(account, since=200)
    used(account, role("app"), "ec2 RunInstances")
    used(account, role("other"), "s3 PutObject", region="us-east-1")
    used(account, role("late"), "ec2 RunInstances", region="us-east-1", days=95)
    used(account, role("tried"), "ec2 RunInstances", region="us-east-1", n=4, denied=4)
    page = said(ask(sign_in(), EC2))
    assert "Would have blocked nothing that was seen to be used." in page
    assert "2 of 2 principals that were seen to call anything are not touched" in page
    assert "no trail was read" not in page


@pytest.mark.parametrize(
    ("kind", "statement", "told"),
    [
        ("scp", deny(["cloudtrail:StopLogging", "iam:CreateUser"]), ""),
        ("scp", deny(["cloudtrail:StopLogging", "iam:PassRole"]), "Of 1 action that it may block a trail need not tell every"),
        ("scp", deny("s3:*", Condition=OFFICE), "s3:AbortMultipartUpload, s3:DeleteObject, s3:GetObject and "),
        ("scp", allow(["s3:*", "iam:*"]), "dynamodb:BatchGetItem, dynamodb:BatchWriteItem, dynamodb:DeleteItem and "),
        ("rcp", {**deny("lambda:InvokeFunction"), "Principal": "*"}, ""),
        ("rcp", {**deny("s3:GetObject"), "Principal": "*"}, "whether it is used nobody can tell"),
    ],
)  # fmt: skip
def test_actions_whose_silence_says_nothing_are_told(
    sign_in: Client, account: Account, kind: str, statement: Any, told: str
) -> None:
    watch(account, since=200)
    used(account, role("app"), "ec2 RunInstances")
    page = said(ask(sign_in(), document(statement), kind=kind))
    assert ("a trail need not tell" in page) is bool(told)
    assert told in page


def test_blocked_and_undecidable_with_the_statement_and_the_key(sign_in: Client, account: Account) -> None:
    app, person = role("app"), user("alice")
    used(account, app, "ec2 RunInstances", region="us-east-1", n=7, days=3)
    used(account, app, "ec2 RunInstances", region="us-east-1", n=5, days=9)
    used(account, person, "s3 PutObject", n=14)
    body = document({**deny("ec2:*", "*", Condition=ELSEWHERE), "Sid": "Here"}, deny("s3:*", "*", Condition=OFFICE))
    response = ask(sign_in(), body)
    page = said(response)
    assert "Would have blocked 1 principal in 1 account; 14 calls cannot be decided: aws:SourceIp" in page
    assert "statement 1 (Here)" in page
    (blocked,), (hangs,) = response.context["blocked"].rows, response.context["undecidable"].rows
    assert (blocked.name, blocked.row.action, blocked.row.n) == ("app", "ec2:RunInstances", 12)
    assert (hangs.name, hangs.row.action, hangs.hangs) == ("alice", "s3:PutObject", ("aws:SourceIp",))


def test_resources_decide_where_every_call_named_one(sign_in: Client, account: Account) -> None:
    keep = document(deny("s3:*", "arn:aws:s3:::logs/*"))
    for name, bucket in (("in", "logs"), ("out", "data"), ("both", "logs"), ("untold", "data")):
        used(account, role(name, unique_id=f"AROA{name}"), "s3 PutObject")
        named(account, role(name, unique_id=f"AROA{name}"), "s3 PutObject", f"arn:aws:s3:::{bucket}/2026/*", n=9)
    UsageLast.objects.exclude(principal__unique_id="AROAuntold").update(n=9)
    named(account, role("both", unique_id="AROAboth"), "s3 PutObject", "arn:aws:s3:::data/a/*", n=1)
    response = ask(sign_in(), keep)
    assert [line.name for line in response.context["blocked"].rows] == ["in"]
    hangs = {line.name: line.hangs for line in response.context["undecidable"].rows}
    assert hangs == {"both": ("resource not recorded",), "untold": ("resource not recorded",)}


def test_an_event_without_an_action_is_undecidable_only_where_it_may_matter(sign_in: Client, account: Account) -> None:
    used(account, role("app"), "ec2 NobodyKnowsThis")
    client = sign_in()
    assert "10 calls cannot be decided: IAM action not known" in said(ask(client, document(deny("ec2:*"))))
    assert "Would have blocked nothing" in said(ask(client, document(deny("s3:*"))))


def test_what_binds_nobody_here(sign_in: Client, account: Account, other_account: Account) -> None:
    """A service itself, a service-linked role, the management account."""
    placed(other_account, ("r-1", "Root"), management=True)
    used(account, "config.amazonaws.com", "s3 PutObject")
    used(account, role("linked", path="/aws-service-role/ecs.amazonaws.com/"), "s3 PutObject")
    used(other_account, role("boss"), "s3 PutObject")
    used(account, role("app"), "s3 PutObject")
    response = ask(sign_in(), document(deny("s3:*")))
    assert [line.name for line in response.context["blocked"].rows] == ["app"]
    assert "The management account is bound by none" in said(response)


def test_attached_to_an_ou(sign_in: Client, account: Account, other_account: Account) -> None:
    placed(account, ("r-1", "Root"), ("ou-1", "prod"))
    placed(other_account, ("r-1", "Root"), ("ou-2", SCRIPT))
    for one in (account, other_account):
        used(one, role(f"of-{one.name}"), "s3 PutObject")
    client = sign_in()
    page = client.get("/guardrails/what-if/").content.decode()
    assert "prod (ou-1)" in page
    assert SCRIPT not in page
    (blocked,) = ask(client, document(deny("s3:*")), "ou-1").context["blocked"].rows
    assert blocked.row.account == account.aws_id
    assert len(ask(client, document(deny("s3:*")), "r-1").context["blocked"].rows) == 2


def test_only_accounts_in_scope(sign_in: Client, account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        placed(one, ("r-1", "Root"))
        used(one, role(f"of-{one.name}"), "s3 PutObject")
    client = sign_in(accounts=[account])
    response = ask(client, document(deny("s3:*")), "r-1")
    assert "1 principal in 1 account" in said(response)
    assert other_account.name not in response.content.decode()
    assert ask(client, EC2, other_account.aws_id).status_code == 422
    lines = ask(client, document(deny("s3:*")), "r-1", export="jsonl").body.decode().splitlines()
    assert [json.loads(line)["account"] for line in lines] == [account.aws_id]


def test_a_list_blocks_what_it_does_not_allow_unless_full_access_stays(sign_in: Client, account: Account) -> None:
    used(account, role("app"), "s3 PutObject")
    client, only = sign_in(), document(allow("ec2:*"))
    page = said(ask(client, only))
    assert "Would have blocked 1 principal" in page
    assert "no statement allows it" in page
    assert "Would have blocked nothing" in said(ask(client, only, beside="on"))


def test_a_boundary_for_those_that_are_named(sign_in: Client, account: Account) -> None:
    for name in ("team-a", "ops"):
        used(account, role(name), "iam CreateUser")
    body = document(allow("*"), deny("iam:*"))
    response = ask(sign_in(), body, kind="boundary", principals="arn:aws:iam::*:role/team-*\n")
    assert [line.name for line in response.context["blocked"].rows] == ["team-a"]


def test_an_rcp_for_outsiders(sign_in: Client, account: Account) -> None:
    placed(account, ("r-1", "Root"))
    used(account, role("own"), "s3 GetObject")
    used(account, role("own"), "ec2 RunInstances")
    stranger = actor(account, "999999999999")
    stranger.actor = "account"
    stranger.save()
    event = UsageEvent.objects.get(name="GetObject")
    UsageDaily.objects.filter(event=event).update(principal=stranger)
    baseline = next(one for one in BASELINES if one.id == "outsiders")
    client = sign_in()
    prefilled = client.get("/guardrails/what-if/", {"baseline": "outsiders"}).context["form"].initial
    assert '"o-1"' in prefilled["document"]
    page = said(ask(client, prefilled["document"], kind=baseline.kind.value))
    assert (
        "Nothing that was seen to be used would surely have been blocked; 10 calls cannot be decided: aws:PrincipalOrgID"
        in page
    )


def test_unused_actions_and_findings(sign_in: Client, account: Account) -> None:
    store_documents(account, EVERYTHING)
    admin = role("admin", inline={"all": records.digest(EVERYTHING)}, used=1)
    put(account, admin)
    judge_now(account)
    assert Finding.objects.filter(code="LP201", resolved_at=None).exists()
    used(account, admin, "iam CreateUser")
    response = ask(sign_in(), document(deny(["iam:*", "s3:DeleteBucket"])))
    effects = response.context["effects"]
    (loses,) = effects.loses
    assert loses.used == 1
    assert dict(effects.services)["s3"] == 1
    assert "iam:CreateUser" in said(response)
    assert effects.whole
    page = said(ask(sign_in(), document(deny("*"))))
    assert "would close" in page
    assert "None would close" not in page


def test_accounts_beyond_the_time_are_told(
    sign_in: Client, account: Account, other_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iamdash.pages.what_if_effects.PATIENCE", -1.0)
    assert "1 of 2 accounts were looked at" in said(ask(sign_in(), EC2))


@pytest.mark.parametrize(
    ("kind", "body", "fault"),
    [
        ("scp", "", "There is no document"),
        ("scp", '{\n"Version": ]', "line 2"),
        ("scp", document(), "It has no statement"),
        ("scp", {"Statement": [deny("s3:*")]}, 'must have "Version"'),
        ("scp", json.dumps(document(allow("*"), {"Effect": "No"}), indent=1), "Line 9, statement 2: Effect"),
        ("scp", document({**deny("s3:*"), "Principal": "*"}), "takes no Principal"),
        ("scp", document({"Effect": "Deny", "Action": "s3:*"}), "needs Resource"),
        ("scp", document(deny("GetObject")), "is no action"),
        ("scp", document(deny("s3:*", ["arn:aws:s3:::" + "a" * 5_200])), "AWS takes 5,120 at most"),
        ("scp", SCRIPT, "is not JSON"),
        ("rcp", document({**allow("s3:*"), "Principal": "*"}), "can only deny"),
        ("rcp", document(deny("s3:*")), 'needs "Principal": "*"'),
        ("rcp", document({"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}), "no NotAction"),
        ("boundary", document(deny("s3:*", ["arn:aws:s3:::" + "a" * 6_200])), "AWS takes 6,144 at most"),
    ],
)
def test_a_document_that_aws_would_refuse(sign_in: Client, account: Account, kind: str, body: Any, fault: str) -> None:
    response = ask(sign_in(), body, kind=kind)
    assert response.status_code == 422
    assert fault in said(response)
    assert SCRIPT not in response.content.decode()


def test_white_space_does_not_count(sign_in: Client, account: Account) -> None:
    assert ask(sign_in(), json.dumps(EC2, indent=60)).status_code == 200


def test_words_without_effect_are_told(sign_in: Client, account: Account) -> None:
    assert "unknown action: s3:GetObjet" in said(ask(sign_in(), document(deny("s3:GetObjet"))))


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda one: one.id)
def test_baselines_are_taken_as_they_are(sign_in: Client, account: Account, baseline: Any) -> None:
    client = sign_in()
    form = client.get("/guardrails/what-if/", {"baseline": baseline.id}).context["form"]
    assert form.initial["kind"] == baseline.kind.value
    response = ask(client, form.initial["document"], kind=form.initial["kind"])
    assert response.status_code == 200
    assert response.context["doubts"] == ()


def test_exports_have_all(sign_in: Client, account: Account) -> None:
    for name in ("one", "two"):
        used(account, role(name), "s3 PutObject")
    client = sign_in()
    lines = ask(client, document(deny("s3:*")), export="csv").body.decode().splitlines()
    assert lines[0].startswith("outcome,account,principal,")
    assert len(lines) == 3
    (first, _) = map(json.loads, ask(client, document(deny("s3:*")), export="jsonl").body.decode().splitlines())
    assert (first["outcome"], first["action"], first["by"]) == ("blocked", "s3:PutObject", ["statement 1"])


def test_as_many_queries_for_more_rows(
    sign_in: Client, account: Account, other_account: Account, django_assert_max_num_queries: Any
) -> None:
    for one in (account, other_account):
        placed(one, ("r-1", "Root"))
        for n in range(6):
            used(one, role(f"r{n}"), "s3 PutObject")
    client = sign_in()
    with django_assert_max_num_queries(60):
        ask(client, document(deny("s3:*")))


def test_a_baseline_has_the_regions_that_the_settings_of_its_accounts_allow(sign_in: Client, account: Account) -> None:
    client = sign_in()
    assert (
        "eu-south-1"
        not in client.get("/guardrails/what-if/", {"baseline": "regions"}).context["form"].initial["document"]
    )
    DecidedSetting.objects.create(
        scope="account", account=account, name="allowed_regions", value=["eu-south-1"], set_by="ann"
    )
    document = json.loads(
        client.get("/guardrails/what-if/", {"baseline": "regions"}).context["form"].initial["document"]
    )
    assert document["Statement"][0]["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == ["eu-south-1"]
