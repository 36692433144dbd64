"""What is unknown is a list: of which subjects, by which rule, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from findings.models import Unknown
from tests.pages.conftest import Made
from tests.pages.shown import text

pytestmark = pytest.mark.django_db


def unknown(made: Made, code: str = "LP101", subject: str = "", reason: str = "iam:GetRole was denied") -> None:
    Unknown.objects.create(
        account=made.account,
        code=code,
        subject_id=subject and f"AROA{subject}",
        subject_name=subject,
        reason=reason,
        since=timezone.now(),
    )


def test_nothing_unknown_says_that_all_was_decided(made: Made, sign_in: Any) -> None:
    made.state()
    assert "Every check of every rule was decided" in text(sign_in().get("/rules/unknown/"))


def test_subjects_are_named_and_those_of_a_missing_answer_counted(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state(n_subjects=9, n_clear=2, n_unknown=7, n_in_doubt=7)
    unknown(made, subject="deploy", reason="its trust cannot be read")
    unknown(made)
    unknown(elsewhere, "KY101")
    response = sign_in().get("/rules/unknown/", {"rule": "LP101"})
    said = text(response)
    assert response.context["list"].total == 2
    assert "deploy" in said
    assert "its trust cannot be read" in said
    assert "6 roles" in said
    assert "iam:GetRole was denied" in said
    assert f"/principals/{made.account.aws_id}/AROAdeploy/" in response.content.decode()


def test_the_numbers_of_pages_lead_to_it(made: Made, sign_in: Any) -> None:
    made.state(n_subjects=9, n_clear=2, n_unknown=7, n_in_doubt=7, reason="iam:GetRole was denied")
    unknown(made)
    web = sign_in()
    for path, link in (
        ("/", "/rules/unknown/?practice=LP"),
        ("/", "/rules/unknown/?q=iam%3AGetRole+was+denied"),
        ("/rules/", "/rules/unknown/?rule=LP101"),
        ("/rules/LP101/", "/rules/unknown/?rule=LP101"),
        ("/findings/?rule=LP101", "/rules/unknown/?rule=LP101"),
    ):
        assert f'href="{link}"' in web.get(path).content.decode(), path
        assert web.get(link).context["list"].total == 1


def test_open_subjects_of_a_rule_lead_to_its_findings(made: Made, sign_in: Any) -> None:
    made.state(n_subjects=3, n_open=3, n_clear=0)
    page = sign_in().get("/rules/").content.decode()
    assert '<td class="number"><a href="/findings/?rule=LP101">3</a></td>' in page


def test_it_is_exported_and_each_operator_has_the_own(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state(n_subjects=2, n_clear=0, n_unknown=2, n_in_doubt=2)
    unknown(made)
    unknown(elsewhere)
    answer = sign_in(accounts=[made.account]).get("/rules/unknown/", {"export": "json"})
    rows = json.loads(answer.body)
    assert [(row["rule"], row["subjects"], row["account"]) for row in rows] == [("LP101", 2, made.account.aws_id)]


def test_pages_of_it_cost_the_same(made: Made, sign_in: Any, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        unknown(made, subject=f"role-{n:02}", reason="<b>odd</b>")
    client = sign_in()
    with django_assert_max_num_queries(20):
        response = client.get("/rules/unknown/")
    assert response.context["list"].next_url
    assert b"<b>odd" not in response.content
