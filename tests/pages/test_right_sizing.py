"""The pages of right-sizing: what they say when nothing can be proposed, then the proposal, then the operator's mark."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors import records
from collectors.models import Account, Document, UsageLast, UsageResource, Version
from findings.models import RightSizing
from iamdash.access.models import Role
from tests.builders import aws_policy, coverage, policy, role, user
from tests.findings.engine.inventory import put
from tests.findings.rules.policies import allow, document
from tests.pages.acted import used, watch
from tests.pages.making import SCRIPT, ago
from tests.pages.shown import text

Client = Callable[..., Any]
OLD = document(allow(["s3:GetObject", "ec2:RunInstances", "iam:*", "zzz-unlisted:Do", "sqs:SendMessage"]))
ONE = "/principals/000000000001/AROA1/"
PAGE, MARK = f"{ONE}right-size/", f"{ONE}right-size/mark/"
BOUNDARY = "/principals/boundary/"


def app(unique_id: str = "AROA1", name: str = "app", body: Any = OLD, **more: Any) -> records.Role:
    return role(name, unique_id=unique_id, inline={"own": records.digest(body)}, **more)


def advised(owner: records.Role | records.User, **services: float | None) -> records.LastAccessed:
    """Read an hour ago; days before now."""
    uses = tuple(
        records.ServiceUse(namespace=name, last_at=None if days is None else ago(days=days), region="")
        for name, days in services.items()
    )
    return records.LastAccessed(unique_id=owner.unique_id, arn=owner.arn, services=uses, read_at=ago(hours=1))


def hold(account: Account, *entities: records.Record, bodies: tuple[Any, ...] = (OLD,), **more: Any) -> None:
    put(account, *entities, **more)
    for body in bodies:
        Document.objects.get_or_create(account=account, digest=records.digest(body), defaults={"body": body})


@pytest.fixture
def sized(account: Account) -> Account:
    one = app()
    hold(account, one, advised(one, s3=3, ec2=None, iam=None))
    return account


# nothing can be proposed


def denied() -> tuple[records.Coverage, ...]:
    return coverage(GetServiceLastAccessedDetails=records.State.DENIED)


@pytest.mark.parametrize(
    ("entities", "covered", "said"),
    [
        ((app(),), denied(), "it needs the permission iam:GetServiceLastAccessedDetails"),
        ((app(attached=(aws_policy("ReadOnlyAccess"),)),), None, "ReadOnlyAccess could not be read"),
        (
            (app(name="AWSReservedSSO_Dev_0123456789abcdef", path="/aws-reserved/x/"),),
            None,
            "Change the permission set",
        ),
        ((app(path="/aws-service-role/x.amazonaws.com/"),), None, "delete it through that service"),
    ],
)
def test_without_what_it_needs_there_is_a_reason_and_a_next_step(
    sign_in: Client, account: Account, entities: tuple[records.Role, ...], covered: Any, said: str
) -> None:
    hold(account, *entities, covered=covered)
    client = sign_in(Role.ANALYST)
    for path in (PAGE, ONE):
        page = text(client.get(path))
        assert said in page
        assert "What helps:" in page
        assert "could go" not in page
    assert "Mark as applied" not in text(client.get(PAGE))


def test_nothing_to_take_away_is_no_fault(sign_in: Client, account: Account) -> None:
    hold(account, role("app", unique_id="AROA1"))
    assert "It has no policies, so there is nothing to take away." in text(sign_in().get(ONE))


def test_of_an_administrator_the_one_decision_comes_first(sign_in: Client, account: Account) -> None:
    everything = document(allow("*"))
    one = app(body=everything)
    hold(account, one, advised(one, s3=3), bodies=(everything,))
    client = sign_in(Role.ANALYST)
    response = client.get(PAGE)
    page = text(response)
    assert re.search(r"It comes to \d\d managed policies, and AWS attaches 20 at most\.", page)
    assert re.search(r"Nothing tells whether it uses 4\d\d services, and so they stay\.", page)
    assert "How is it applied?" not in page
    assert len(response.content) < 400_000  # it was 4 MB of policies that AWS would not take
    less = text(client.get(f"{PAGE}?drop=*"))
    assert 'href="?drop=%2A"' in response.content.decode()
    assert "What is there to decide?" not in less
    assert "How is it applied?" in less


def test_a_deleted_one_has_no_proposal(sign_in: Client, sized: Account) -> None:
    put(sized, role("other"))
    assert "It was deleted." in text(sign_in().get(PAGE))


def test_what_was_given_lately_is_not_called_unused(sign_in: Client, account: Account) -> None:
    before, now = app(body=document(allow("s3:GetObject"))), app()
    hold(account, before, advised(before, s3=3))
    Version.objects.update(seen_from=ago(days=20))
    hold(account, now, advised(now, s3=3, ec2=None, iam=None))
    Version.objects.filter(seen_to=None).update(seen_from=ago(days=5))
    Version.objects.exclude(seen_to=None).update(seen_to=ago(days=5))
    page = text(sign_in().get(PAGE))
    assert "Granted for less than the window, or since when is not known" in page
    assert "could go" not in page


# a proposal


def test_the_page_of_the_role_leads_to_it(sign_in: Client, sized: Account) -> None:
    page = sign_in().get(ONE)
    assert re.search(r"What would be enough\? \d+ of \d+ actions could go", text(page))
    assert f'href="{PAGE}"' in page.content.decode()


def test_it_shows_the_difference_the_ways_to_apply_it_and_what_is_not_known(sign_in: Client, sized: Account) -> None:
    html = sign_in().get(PAGE).content.decode()
    assert "<del>-        &quot;ec2:RunInstances&quot;,</del>" in html
    assert "<ins>+        &quot;iam:PassRole&quot;</ins>" in html
    assert 'data-copy="json-1"' in html
    for part in ("aws_iam_policy", "aws iam create-policy", "aws iam put-role-policy"):
        assert part in html
    page = text(sign_in().get(PAGE))
    for said in (
        "no record is ever written of it iam:PassRole 1",
        "No source tells of the use of this service sqs 1",
        "Never used since",
        "app-right-sized-1, statement 1: it was granted on everything, and no source tells on what it was used",
        "What is used stays allowed Holds",
    ):
        assert said in page, said


CALLS = document(allow(["sts:AssumeRole", "s3:GetObject", "ec2:RunInstances", "ec2:TerminateInstances"]))
DEPLOY, LOGS = "arn:aws:iam::000000000001:role/deploy", "arn:aws:s3:::logs/2026/*"


@pytest.fixture
def acting(account: Account) -> Account:
    """Its calls were read for the whole window; each named what it was used on."""
    one = app(body=CALLS)
    hold(account, one, advised(one, s3=3, ec2=3, sts=3), bodies=(CALLS,))
    for call, resource in (("sts AssumeRole", DEPLOY), ("s3 GetObject", LOGS), ("ec2 RunInstances", None)):
        used(account, one, call)
        last = UsageLast.objects.get(event__name=call.partition(" ")[2])
        if resource:
            UsageResource.objects.create(
                account=account, principal=last.principal, event=last.event, resource=resource, n=last.n, denied=0,
                first_at=last.first_at, last_at=last.used_at,
            )  # fmt: skip
    return account


@pytest.mark.parametrize(
    ("state", "since", "why"),
    [("complete", None, "no CloudTrail events were read"), ("complete", 35, "is not the whole window"),
     ("denied", 200, "it needs the permission s3:GetObject")],
)  # fmt: skip
def test_without_a_whole_window_of_events_the_page_says_that_services_decide(
    sign_in: Client, acting: Account, state: str, since: float | None, why: str
) -> None:
    watch(acting, state, since)
    page = text(sign_in().get(PAGE))
    assert "Actions of a service in use stay" in page
    assert why in page
    assert "as small as what is known of its use allows" in page
    assert "fewer resources" not in page


def test_calls_and_what_they_named_decide(sign_in: Client, acting: Account) -> None:
    watch(acting, since=200)
    client = sign_in(Role.ANALYST)
    assert "1 of the 4 actions that its policies allow was not used in 90 days" in text(client.get(ONE))
    response = client.get(PAGE)
    page = text(response)
    assert "1 of 4 actions could go. It did not use it in 90 days, as Access Advisor and CloudTrail tell." in page
    assert "ec2 1 1 Write no call since" in page
    assert f"What would stay on fewer resources? 1 action sts:AssumeRole {DEPLOY}" in page
    assert "a trail may record some of its calls only" in page
    assert LOGS not in page
    told = client.get(f"{PAGE}?data=s3&data=nonsense")
    assert f"s3:GetObject {LOGS}" in text(told)
    assert "It believes you that the trail records all data events of s3." in text(told)
    client.post(MARK, {"digest": told.context["proposal"].digest, "data": "s3"})
    mark = RightSizing.objects.get()
    assert (mark.lost, mark.narrowed) == (["ec2:TerminateInstances"], ["s3:GetObject", "sts:AssumeRole"])


def test_more_resources_than_are_kept_narrow_nothing(sign_in: Client, acting: Account) -> None:
    watch(acting, since=200)
    UsageLast.objects.filter(event__name="AssumeRole").update(resources_cut=True)
    page = text(sign_in().get(PAGE))
    assert "its calls named more resources than are kept" in page
    assert "fewer resources" not in page


def test_names_that_are_taken_are_not_proposed(sign_in: Client, sized: Account) -> None:
    one = app()
    hold(sized, one, advised(one, s3=3, ec2=None), policy("App-right-sized-1"))
    assert "app-right-sized-2, statement 1" in text(sign_in().get(PAGE))


def test_services_that_nobody_sees_can_be_given_up(sign_in: Client, sized: Account) -> None:
    client = sign_in()
    assert "sqs:SendMessage" in str(client.get(PAGE).context["proposal"].as_json())
    assert "sqs:SendMessage" not in str(client.get(f"{PAGE}?drop=sqs").context["proposal"].as_json())
    page = text(client.get(f"{PAGE}?drop=sqs&drop=nonsense"))
    assert "You give up sqs. Take that back" in page
    assert "given up, although nobody can say that it is unused" in page
    assert "You give up all that nobody can see" in text(client.get(f"{PAGE}?drop=*"))


def test_one_that_needs_all_it_has_says_so(sign_in: Client, account: Account) -> None:
    body = document(allow("s3:GetObject", "arn:aws:s3:::a/*"))
    one = app(body=body)
    hold(account, one, advised(one, s3=3), bodies=(body,))
    page = text(sign_in(Role.ANALYST).get(PAGE))
    assert "as small as what is known of its use allows: all of 1 action stay" in page
    assert "It stays as it is." in page
    assert "Mark as applied" not in page


def test_hostile_names_are_text(sign_in: Client, account: Account) -> None:
    body = document({"Sid": SCRIPT, **allow(["s3:GetObject", f"s3:{SCRIPT}", "ec2:RunInstances"], SCRIPT)})
    one = role(SCRIPT, unique_id="AROA1", inline={SCRIPT: records.digest(body)})
    hold(account, one, advised(one, s3=3, ec2=3), bodies=(body,))
    used(account, one, f"ec2 {SCRIPT}")
    watch(account, since=200)
    for path in (ONE, PAGE, f"{BOUNDARY}?role=AROA1"):
        html = sign_in().get(path).content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html


def test_queries_are_few(sign_in: Client, sized: Account, django_assert_max_num_queries: Any) -> None:
    client = sign_in()
    for path, most in ((PAGE, 30), (f"{BOUNDARY}?role=AROA1", 30)):
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200


# the mark


def test_an_analyst_marks_it_and_the_page_says_so(sign_in: Client, sized: Account) -> None:
    client = sign_in(Role.ANALYST)
    digest = client.get(PAGE).context["proposal"].digest
    page = client.post(MARK, {"digest": digest}, follow=True)
    assert "Noted. The next collection says whether it is so" in text(page)
    assert "Identity policies: marked as applied" in text(page)
    (mark,) = RightSizing.objects.all()
    assert (mark.principal_id, mark.marked_by, mark.digest) == ("AROA1", client.operator.username, digest)
    assert "Identity policies: marked as applied" in text(client.get(ONE))


def test_what_was_given_up_belongs_to_what_is_marked(sign_in: Client, sized: Account) -> None:
    client = sign_in(Role.ANALYST)
    digest = client.get(f"{PAGE}?drop=sqs").context["proposal"].digest
    client.post(MARK, {"digest": digest})
    assert not RightSizing.objects.exists()
    client.post(MARK, {"digest": digest, "drop": "sqs"})
    assert "sqs" in RightSizing.objects.get().services


@pytest.mark.parametrize("digest", ["", "another"])
def test_another_proposal_than_the_one_looked_at_is_not_marked(sign_in: Client, sized: Account, digest: str) -> None:
    page = sign_in(Role.ANALYST).post(MARK, {"digest": digest}, follow=True)
    assert "The proposal is another one now" in text(page)
    assert not RightSizing.objects.exists()


def test_without_a_proposal_nothing_can_be_marked(sign_in: Client, account: Account) -> None:
    hold(account, app())
    page = sign_in(Role.ANALYST).post(MARK, {"digest": "x"}, follow=True)
    assert "There is no proposal: Its use is not known" in text(page)


def test_a_viewer_sees_no_button(sign_in: Client, sized: Account) -> None:
    assert "Mark as applied" not in text(sign_in(Role.VIEWER).get(PAGE))


@pytest.mark.parametrize(
    ("state", "label", "rollback"),
    [
        ("confirmed", "confirmed", True),
        ("alert", "what was taken away was tried", True),
        ("safe", "safe, as far as", False),
    ],
)
def test_each_state_says_what_is_known(sign_in: Client, sized: Account, state: str, label: str, rollback: bool) -> None:
    now = timezone.now()
    RightSizing.objects.create(
        account=sized, principal_id="AROA1", principal_name="app", digest="d", documents=[], lost=[], services=["ec2"],
        rollback="aws iam undo", marked_by="ada", state=state, detail="It is so.", attempts="Tried since: ec2.",
        confirmed_at=now, watch_until=now + timedelta(days=30),
    )  # fmt: skip
    for path in (ONE, PAGE):
        page = sign_in().get(path)
        assert f"Identity policies: {label}" in text(page)
        assert "It is so. Tried since: ec2." in text(page)
        assert ("aws iam undo" in page.content.decode()) is rollback
        assert ('role="alert"' in page.content.decode()) is (state == "alert")


# a boundary for several


@pytest.fixture
def several(account: Account) -> Account:
    one, two = app(), app("AROA2", "batch", document(allow(["ec2:StartInstances", "sqs:*"])))
    bodies = (OLD, document(allow(["ec2:StartInstances", "sqs:*"])))
    mine = app("AROA3", "linked", path="/aws-service-role/x.amazonaws.com/")
    hold(account, one, two, mine, user("ann"), advised(one, s3=3, ec2=None, iam=None), advised(two, ec2=2, sqs=None),
         bodies=bodies)  # fmt: skip
    return account


def test_the_list_of_principals_leads_to_the_choice(sign_in: Client, several: Account) -> None:
    assert f'href="{BOUNDARY}?q=app"' in sign_in().get("/principals/?q=app").content.decode()
    page = sign_in().get(f"{BOUNDARY}?q=app")
    assert [one.name for one in page.context["offered"]] == ["app"]
    assert "Choose up to 50" in text(page)


def test_an_account_has_to_be_chosen_where_there_are_several(
    sign_in: Client, several: Account, other_account: Account
) -> None:
    page = text(sign_in().get(BOUNDARY))
    assert "A policy belongs to one account." in page
    assert [p.name for p in sign_in().get(f"{BOUNDARY}?account={several.aws_id}").context["offered"]] == [
        "app",
        "batch",
    ]
    assert sign_in(accounts=[other_account]).get(f"{BOUNDARY}?account={several.aws_id}").status_code == 404


def test_what_any_of_them_uses_is_proposed_and_marked_for_each(sign_in: Client, several: Account) -> None:
    client = sign_in(Role.ANALYST)
    page = client.get(f"{BOUNDARY}?role=AROA1&role=AROA2&role=AROA3&role=nobody")
    assert "put-role-permissions-boundary" in page.content.decode()
    assert re.search(r"\d+ of \d+ actions that 2 roles may use together would be out of reach", text(page))
    form = {"digest": page.context["proposal"].digest, "role": ["AROA1", "AROA2"]}
    done = client.post(f"{BOUNDARY}{several.aws_id}/mark/", form, follow=True)
    assert "Noted." in text(done)
    marks = RightSizing.objects.order_by("principal_id").values_list("principal_id", "target")
    assert list(marks) == [("AROA1", "boundary"), ("AROA2", "boundary")]
    assert "Permissions boundary: marked as applied" in text(client.get(ONE))


def test_more_than_the_most_are_left_out_and_said(sign_in: Client, several: Account) -> None:
    asked = "&".join(f"role=AROA{n}" for n in range(60))
    assert "10 of the chosen roles are left out: a proposal is made for 50 at most." in text(
        sign_in().get(f"{BOUNDARY}?{asked}")
    )


def test_who_is_at_fault_is_named(sign_in: Client, several: Account) -> None:
    hold(several, app(), app("AROA2", "batch"), bodies=())
    page = text(sign_in().get(f"{BOUNDARY}?role=AROA1&role=AROA2"))
    assert "app: Its use is not known" in page
    assert "Leave them out, or:" in page
