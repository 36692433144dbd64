"""The Overview's first words: better or worse, where, why, and what to do next."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from collectors.models import Account, Connection, Principal
from findings import steps
from findings.models import AccountPlace, Finding, FindingCount, PermissionSetRole
from findings.rules import registry
from findings.vocabulary import Severity
from iamdash.pages.next_steps import next_steps
from tests.pages.conftest import Made
from tests.pages.shown import text
from tests.pages.test_trend import count

pytestmark = pytest.mark.django_db
ARN = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"


def fix_at(finding: Finding, place: str) -> None:
    Finding.objects.filter(pk=finding.pk).update(evidence={"fix_at": place})


def actions(response: Any) -> list[tuple[str, str]]:
    return [(one.rule.code, one.place) for one in response.context["next"]]


def test_nothing_open_and_nothing_judged_is_no_action(made: Made, sign_in: Any) -> None:
    client = sign_in()
    assert "What next?" not in text(client.get("/"))
    made.state()
    made.finding("LP206", severity=1)  # it only informs
    made.finding(
        "KY101", severity=5, subject="gone", resolved_at=made.account.added_at, resolved_why="clear", status="resolved"
    )
    assert "What next?" not in text(client.get("/"))


def test_risk_for_effort_decides_and_each_rule_stands_once(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state()
    for one in (made, elsewhere):
        one.finding("AB101", severity=5, subject=f"{one.account.aws_id}")  # small effort
        one.finding("LP201", severity=4, subject=f"{one.account.aws_id} admin")  # large
    elsewhere.finding("KY103", severity=3, subject="key")
    response = sign_in().get("/")
    assert [code for code, _ in actions(response)] == ["AB101", "KY103", "LP201"]
    first = response.context["next"][0]
    assert (first.total, first.accounts, first.others, first.risk) == (1, 1, 1, 27)
    assert first.url == f"/findings/?account={made.account.aws_id}&rule=AB101"
    assert first.url.replace("&", "&amp;") in response.content.decode()
    assert "In 1 more account too" in text(response)
    assert "small effort: minutes of one person" in text(response)


def test_one_account_has_its_own_actions(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state()
    made.finding("AB101", severity=5)
    elsewhere.finding("KY103", severity=3)
    assert [code for code, _ in actions(sign_in().get("/", {"account": elsewhere.account.aws_id}))] == ["KY103"]
    assert [code for code, _ in actions(sign_in(accounts=[made.account]).get("/"))] == ["AB101"]


def test_what_one_change_in_the_tree_closes_is_one_action(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state()
    for one in (made, elsewhere):
        fix_at(one.finding("GR104", severity=4, subject=one.account.aws_id), "prod (ou-ab12-34567890)")
    fix_at(made.finding("MO101", severity=5, subject="m"), "not a place")
    response = sign_in().get("/")
    assert actions(response) == [("MO101", made.account.name), ("GR104", "prod (ou-ab12-34567890)")]
    scp = response.context["next"][1]
    assert (scp.together, scp.accounts, scp.total) == (True, 2, 2)
    assert "fix=ou-ab12-34567890" in scp.url
    assert "2 findings, closed by one change for 2 accounts" in text(response)


def test_what_a_permission_set_makes_is_one_action(made: Made, elsewhere: Made, sign_in: Any) -> None:
    """Of a rule the set that is worth most, for the accounts in which it closes findings: not where another account's finding
    has the role's id, nor where its role is gone."""
    made.state()
    for n, (one, arn) in enumerate([(made, ARN), (made, ARN), (elsewhere, ARN), (elsewhere, f"{ARN}0")]):
        role = one.role(f"r{n}", risk=4, high=1)
        PermissionSetRole.objects.create(
            account=one.account,
            role=role,
            set_arn=arn,
            name=f"Of {arn[37:]}",
            told_by="",
            whole=True,
            data={},
            digest="",
        )
        one.finding("LP201", severity=4, subject=role.unique_id)
    made.finding("LP201", severity=2, subject=role.unique_id)
    (one,) = sign_in().get("/").context["next"]
    assert (one.place, one.together, one.total, one.accounts, one.worth) == ("permission set Of ps-1", True, 3, 2, 3.0)
    assert "for 2 accounts" in text(sign_in().get("/"))
    (one,) = sign_in(accounts=[made.account]).get("/").context["next"]
    assert (one.place, one.total, one.accounts, one.worth) == ("permission set Of ps-1", 2, 1, 2.0)
    Principal.objects.filter(account=made.account, name="r0").update(gone_at=timezone.now())
    (one,) = sign_in().get("/").context["next"]
    assert (one.place, one.total, one.accounts, one.worth) == ("permission set Of ps-1", 2, 2, 2.0)


def test_the_database_chooses_the_account_that_is_worth_most(made: Made, elsewhere: Made, rf: RequestFactory) -> None:
    """Its formula is the one of steps.worth, on whatever counts."""
    third = Account.objects.create(aws_id="000000000003", name="third")
    Connection.objects.create(account=third)
    accounts, chance = [made.account, elsewhere.account, third], random.Random(8)
    codes = [rule.code for rule in registry.rules() if rule.code not in ("GR104", "GR106", "MO101", "MO107", "MO109")]
    counts = {
        (code, one.pk): {s: chance.choice((0, 0, 1, 2, 7, 400)) for s in Severity} for code in codes for one in accounts
    }
    FindingCount.objects.bulk_create(
        FindingCount(
            account_id=pk,
            code=code,
            practice=code[:2],
            severity=s,
            subject_type="role",
            status="open",
            again=False,
            n=n,
        )
        for (code, pk), some in counts.items()
        for s, n in some.items()
        if n
    )
    worth = {key: steps.worth(registry.rule(key[0]).effort, some) for key, some in counts.items()}
    best = sorted({max(worth[code, one.pk] for one in accounts) for code in codes}, reverse=True)
    whole: dict[str, Counter[Severity]] = defaultdict(Counter)
    for (code, _), some in counts.items():
        whole[code].update(some)
    found = next_steps(rf.get("/"), None, whole)
    assert [round(one.worth, 6) for one in found] == sorted((round(one.worth, 6) for one in found), reverse=True)
    assert round(found[0].worth, 6) == round(best[0], 6)
    for one in found:
        assert round(one.worth, 6) == round(max(worth[one.rule.code, each.pk] for each in accounts), 6)


def test_better_is_said_with_the_score_where_and_why(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state("KY101")
    count(made.account, 89, 31, score=60_000, rules=100, lost={"KY102": [9_000, 0, 0]}, unknown=5_000, decided=0)
    count(made.account, 0, 19, score=63_000, rules=100, lost={"KY102": [6_000, 0, 0]}, unknown=5_000, decided=0)
    for back in (89, 0):
        count(elsewhere.account, back, 0, score=80_000, rules=100, lost={}, unknown=0, decided=0)
    for n in range(3):
        elsewhere.finding("KY102", severity=4, subject=f"k{n}")
    made.finding("LP201", severity=5)
    AccountPlace.objects.create(account=elsewhere.account, ous=["r-1", "ou-1"], names=["Root", "prod"])
    response = sign_in().get("/")
    said = text(response)
    assert "Better: the score rose by" in said
    assert "and open critical and high findings fell from 31 to 19 in 90 days." in said
    assert "most critical and high findings are open in Keys (3), sandbox (3) and OU prod" in said
    assert "KY102" in said.split("Why:")[1].split("What changed")[0]
    assert '<a href="/rules/KY102/">KY102 key-not-rotated</a>' in response.content.decode()
    assert "/findings/?practice=KY&amp;severity=critical&amp;severity=high" in response.content.decode() or (
        "severity=critical&amp;practice=KY&amp;severity=high" in response.content.decode()
    )


def test_worse_and_both_are_said(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    count(made.account, 89, 3, score=60_000, rules=100, lost={}, unknown=0, decided=0)
    count(made.account, 0, 9, score=50_000, rules=100, lost={}, unknown=0, decided=0)
    assert "Worse: the score fell by 10.0 points to 50 of 100" in text(sign_in().get("/"))
    made.account.accountday_set.filter(high=9).update(score=70_000)
    mixed = (
        "Better in one way and worse in another: the score rose by 10.0 points to 70 of 100, and open critical and high"
    )
    assert f"{mixed} findings rose from 3 to 9" in text(sign_in().get("/"))


def test_one_day_tells_neither(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    count(made.account, 0, 3)
    assert "Not known yet: better or worse shows from the second judged day on." in text(sign_in().get("/"))
