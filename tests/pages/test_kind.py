"""Who is meant to act with a role: declared, observed, set by an operator; and the judgement follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, Job, Principal, Run
from findings import tasks
from findings.engine.decided import settings_of
from findings.models import Finding, JudgementRequest, KindOverride, PrincipalPosture
from iamdash.access.models import Role
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, judge_now, said, watch
from tests.pages.making import BACKWARDS, SCRIPT
from tests.pages.test_did import section

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP = role("app")  # EC2's, so a machine's
LINKED = role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/")
PAGE = f"/principals/000000000001/{APP.unique_id}/"
HUMAN = {"kind": "human-assumed", "reason": "our on-call uses it"}


@pytest.fixture
def used(account: Account) -> Account:
    """A machine's role that a person switched to."""
    put(account, APP, LINKED)
    watch(account)
    acted(account, APP, "i-0123456789abcdef0", days=9, instance=True)
    acted(account, APP, "alice", days=4, sign_in="SwitchRole")
    judge_now(account)
    return account


def kind(client: Any) -> str:
    return section(client.get(PAGE), "kind")


def posture() -> PrincipalPosture:
    return PrincipalPosture.objects.get(principal__name="app")


def test_what_is_declared_and_what_was_seen(sign_in: Client, used: Account) -> None:
    page = kind(sign_in())
    assert "Machine: compute; people were seen" in page
    assert "Declared Machine: compute, high confidence: trusts ec2.amazonaws.com" in page
    assert f"Observed People and programs since {posture().observed_since} people are not meant to" in page
    assert "Set by hand no" in page
    assert "Set the kind" not in page


def test_without_a_trail_what_was_seen_is_unknown(sign_in: Client, account: Account) -> None:
    put(account, APP)
    judge_now(account)
    page = kind(sign_in())
    assert "Observed unknown: CloudTrail is not read" in page
    assert "were seen" not in page


def test_an_operator_s_word_is_judged_by_and_kept_with_who_and_why(sign_in: Client, used: Account) -> None:
    client = sign_in(Role.ANALYST)
    assert Finding.objects.filter(code="HM101", resolved_at=None).exists()
    response = client.post(f"{PAGE}kind/", HUMAN)
    assert response.url == f"{PAGE}#kind"
    page = kind(client)
    assert "Human: assumed role: our on-call uses it by analyst-0, just now" in page
    assert "The account is not judged by it yet." in page
    judge_now(used)
    assert not Finding.objects.filter(code="HM101", resolved_at=None).exists()
    assert (posture().kind, posture().declared) == ("human-assumed", "machine-compute")
    page = kind(client)
    assert "Human: assumed role, set by hand; programs were seen" in page
    assert "Declared Machine: compute: trusts ec2.amazonaws.com" in page
    assert "not judged by it yet" not in page


def test_it_can_be_changed_and_taken_back_and_nothing_is_lost(sign_in: Client, used: Account) -> None:
    client = sign_in(Role.ANALYST)
    client.post(f"{PAGE}kind/", HUMAN)
    client.post(f"{PAGE}kind/", HUMAN | {"reason": "again"})
    client.post(f"{PAGE}kind/", {"kind": "mixed", "reason": "both do"})
    client.post(f"{PAGE}kind/", {"kind": "", "reason": "a mistake"})
    client.post(f"{PAGE}kind/", {"kind": "", "reason": "a mistake"})
    assert settings_of(used).kinds == {}
    assert list(KindOverride.objects.order_by("pk").values_list("kind", "reason", "ended_by")) == [
        ("human-assumed", "our on-call uses it", "analyst-0"),
        ("mixed", "both do", "analyst-0"),
    ]
    assert JudgementRequest.objects.count() == 3
    page = kind(client)
    assert "What was set before Humans and machines: both do by analyst-0 on" in page
    assert "Set by hand no" in page


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "Say why"),
        ({"kind": "human-sso"}, "Say why"),
        ({"kind": "human", "reason": "x"}, "not one of the available choices"),
        ({"kind": "service-linked", "reason": "x"}, "not one of the available choices"),
        ({"kind": "mixed", "reason": "x" * 501}, "at most 500"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_set(
    sign_in: Client, used: Account, given: dict[str, str], why: str
) -> None:
    assert why in said(sign_in(Role.ANALYST).post(f"{PAGE}kind/", given, follow=True))
    assert not KindOverride.objects.exists()
    assert not JudgementRequest.objects.exists()


def test_a_role_that_aws_made_for_a_service_keeps_its_kind(sign_in: Client, used: Account) -> None:
    client, page = sign_in(Role.ANALYST), f"/principals/000000000001/{LINKED.unique_id}/"
    assert "Set the kind" not in client.get(page).content.decode()
    assert "its kind is no question" in said(client.post(f"{page}kind/", HUMAN, follow=True))
    assert not KindOverride.objects.exists()


def test_one_made_again_under_the_name_is_another(sign_in: Client, used: Account) -> None:
    sign_in(Role.ANALYST).post(f"{PAGE}kind/", HUMAN)
    put(used, role("app"))
    judge_now(used)
    assert posture().kind == "machine-compute"
    assert Principal.objects.filter(name="app").count() == 2
    assert sign_in(Role.ANALYST).post(f"{PAGE}kind/", {"kind": "mixed", "reason": "x"}).status_code == 404


def test_a_hostile_reason_is_text(sign_in: Client, used: Account) -> None:
    client = sign_in(Role.ANALYST)
    client.post(f"{PAGE}kind/", {"kind": "mixed", "reason": f"{SCRIPT} {BACKWARDS}"})
    html = client.get(PAGE).content.decode()
    assert SCRIPT not in html
    assert "\u202e" not in html


def test_the_worker_queues_a_judgement_for_each_account_that_was_judged_once(
    sign_in: Client, used: Account, other_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.judge, "apply_async", lambda ids, **_: rung.extend(ids))
    run = Run.objects.create(account=used, reason="first")
    client = sign_in(Role.ANALYST)
    client.post(f"{PAGE}kind/", HUMAN)
    client.post(f"{PAGE}kind/", {"kind": "mixed", "reason": "x"})
    JudgementRequest.ask([other_account.pk], "anna")  # nothing was collected there yet
    tasks.tick()
    tasks.tick()
    (job,) = Job.objects.all()
    assert (job.account, job.run, job.source, rung) == (used, run, "judge", [job.pk])
    assert not JudgementRequest.objects.filter(taken_at=None).exists()


def test_principals_are_found_by_who_was_seen(sign_in: Client, used: Account) -> None:
    client = sign_in()
    names = {
        seen: [row.record.name for row in client.get(f"/principals/?seen={seen}").context["list"].table.rows]
        for seen in ("both", "people", "programs", "nothing", "unread")
    }
    assert names == {"both": ["app"], "people": [], "programs": [], "nothing": [LINKED.name], "unread": []}
    assert "seen: people and programs" in said(client.get("/principals/"))
