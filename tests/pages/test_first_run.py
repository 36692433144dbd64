"""From nothing to the first findings: the four ways, the steps of one account, what they cost, and who is not at work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from collectors import heartbeat
from collectors.models import BundleUpload, CollectRequest, Connection, ConnectionTest, Heartbeat
from iamdash.access.models import Role
from iamdash.pages import first_run
from tests.pages.conftest import Made
from tests.pages.shown import text

pytestmark = pytest.mark.django_db
CHECK = {"what": "Assume arn:aws:iam::000000000001:role/iamdash", "ok": True, "detail": "", "permission": ""}


def url(made: Made) -> str:
    return f"/accounts/{made.account.aws_id}/start/"


def states(made: Made) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in first_run.progress(made.account).steps]


def long_ago(rows: Any, **columns: Any) -> None:
    rows.update(**dict.fromkeys(columns or ("requested_at",), timezone.now() - timedelta(minutes=7)))


def test_an_empty_overview_shows_the_four_ways_with_what_each_needs(sign_in: Any) -> None:
    response = sign_in(Role.ADMIN).get("/")
    page, said = response.content.decode(), text(response)
    for title in ("Look around first", "Files of one account", "One account", "A whole organization"):
        assert title in said
    assert said.count("It needs:") == 4
    assert "make demo" in said
    for link in ("/accounts/add/?kind=bundle", "/accounts/add/?kind=role", "organization=1", "/accounts/cost/"):
        assert link in page


def test_a_way_leads_to_its_form(sign_in: Any) -> None:
    client = sign_in(Role.ADMIN)
    assert client.get("/accounts/add/?kind=bundle").context["form"].initial == {"kind": "bundle"}
    assert client.get("/accounts/add/?kind=%3Cscript%3E").context["form"].initial == {}
    assert "Begin with the management account" in text(client.get("/accounts/add/?kind=role&organization=1"))


def test_the_steps_of_a_role_follow_what_is_stored(made: Made) -> None:
    assert states(made) == [
        ("register", "done"), ("role", "now"), ("test", "now"), ("collect", "later"), ("findings", "later"),
    ]  # fmt: skip
    one = ConnectionTest.objects.create(account=made.account, requested_by="anna")
    assert states(made)[2] == ("test", "wait")
    ConnectionTest.objects.update(finished_at=timezone.now(), checks=[CHECK | {"ok": False, "detail": "AccessDenied"}])
    assert states(made)[1:3] == [("role", "now"), ("test", "failed")]
    ConnectionTest.objects.filter(pk=one.pk).update(checks=[CHECK])
    assert states(made)[1:3] == [("role", "done"), ("test", "done")]
    run = made.run("account", "trails", state="running", finished=False)
    assert states(made)[3] == ("collect", "wait")
    run.job_set.filter(source="account").update(state="done")
    assert first_run.progress(made.account).steps[3].says.startswith("1 of 2 sources.")
    run.job_set.update(state="done")
    type(run).objects.update(finished_at=timezone.now())
    assert states(made)[3] == ("collect", "failed")  # nothing could be read
    made.coverage()
    made.coverage("iam:ListRoles", "denied")
    assert states(made)[3:] == [("collect", "done"), ("findings", "later")]
    made.state()
    made.finding(severity=4)
    assert first_run.progress(made.account).steps[4].says == "1 open finding."


def test_what_could_not_be_read_is_no_first_finding_and_never_fine(made: Made, sign_in: Any) -> None:
    """An account whose role is not there yet is collected and judged all the same: of each rule nothing is known."""
    made.run("account", state="done")
    denied = made.coverage("iam:ListRoles", "denied")
    made.state()
    assert [state for _, state in states(made)] == ["done", "now", "now", "failed", "later"]
    said = text(sign_in(Role.ADMIN).get(url(made)))
    assert "Nothing was read, so nothing is known" in said
    assert "No open finding" not in said
    assert "What comes next?" not in said
    made.coverage()
    assert first_run.progress(made.account).steps[4].says == "No open finding in what was read."
    denied.delete()
    assert first_run.progress(made.account).steps[4].says == "No open finding."


def test_what_fails_stands_first_and_a_refused_role_says_what_may_be_wrong(made: Made, sign_in: Any) -> None:
    fails = CHECK | {"ok": False, "detail": "AccessDenied", "permission": "sts:AssumeRole"}
    unasked, works = CHECK | {"what": "b", "ok": None}, CHECK | {"what": "c"}
    ConnectionTest.objects.create(
        account=made.account, requested_by="anna", finished_at=timezone.now(), checks=[works, unasked, fails]
    )
    said = text(sign_in(Role.ADMIN).get(url(made)))
    assert [one["ok"] for one in ConnectionTest.objects.get().worst_first] == [False, None, True]
    assert "compare name, principal and sts:ExternalId with the text below" in said


def test_a_bundle_has_steps_of_its_own(made: Made, sign_in: Any) -> None:
    Connection.objects.update(kind="bundle")
    made.account.refresh_from_db()
    assert [name for name, _ in states(made)] == ["register", "upload", "collect", "findings"]
    page = sign_in(Role.ANALYST).get(url(made)).content.decode()
    assert 'name="back" value="start"' in page
    assert "Test connection" not in page
    BundleUpload.objects.create(
        account=made.account, file_name="b.zip", uploaded_by="x", finished_at=timezone.now(), error="<b>no</b>"
    )
    assert states(made)[1] == ("upload", "failed")
    assert "&lt;b&gt;no" in sign_in(Role.ANALYST).get(url(made)).content.decode()


def test_the_page_follows_by_itself_only_while_something_is_under_way(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ADMIN)
    page = client.get(url(made))
    assert b"every 3s" in page.content  # the first collection, which starts by itself
    assert b"CloudFormation" in page.content
    made.run("account", state="done")
    assert b"every 3s" not in client.get(url(made)).content
    client.post(f"/accounts/{made.account.aws_id}/test/", {"back": "start"})
    page = client.get(url(made), headers={"HX-Request": "true"})
    assert b"every 3s" in page.content
    assert b"<html" not in page.content
    assert page.headers["Vary"].count("HX-Request") == 1


def test_a_wish_that_is_taken_while_the_page_is_read_is_seen_as_wish_or_as_run(made: Made) -> None:
    """The page would stop to follow for ever."""
    CollectRequest.objects.create(account=made.account, requested_by="anna")
    taken: list[str] = []

    def take(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if not taken and ('FROM "collectors_run"' in sql or 'FROM "collectors_collectrequest"' in sql):
            taken.append(sql)
            CollectRequest.objects.update(taken_at=timezone.now())
            made.run("account", state="running", finished=False)
        return found

    with connection.execute_wrapper(take):
        assert first_run.progress(made.account).busy
    assert taken


def test_what_is_asked_from_the_steps_leads_back_to_them(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ANALYST)
    for verb in ("test", "collect", "upload"):
        assert client.post(f"/accounts/{made.account.aws_id}/{verb}/", {"back": "start"}).url == url(made)
    assert client.post(f"/accounts/{made.account.aws_id}/collect/", {"back": "https://evil.example"}).url == (
        f"/accounts/{made.account.aws_id}/"
    )


def test_who_may_not_ask_sees_the_steps_and_no_button(made: Made, sign_in: Any) -> None:
    page = sign_in(Role.VIEWER).get(url(made)).content.decode()
    assert "Make the role in the account" in page
    assert '<form method="post" action="/accounts' not in page
    assert "ExternalId" not in page


def test_a_request_that_nobody_takes_says_what_does_not_run(made: Made) -> None:
    CollectRequest.objects.create(account=made.account, requested_by="anna")
    assert first_run.stalled(made.account) == ""  # the worker looks every 30 seconds
    long_ago(CollectRequest.objects)
    assert "It has waited for 7 min. Neither the scheduler (beat) nor a worker" in first_run.stalled(made.account)
    names = [name for name in heartbeat.patience() if name != heartbeat.canary("inventory")]
    Heartbeat.objects.bulk_create(Heartbeat(name=name, heard_at=timezone.now()) for name in names)
    assert "No worker of the queue inventory was heard from" in first_run.stalled(made.account)
    heartbeat.beat(heartbeat.canary("inventory"))
    assert first_run.stalled(made.account).endswith("Scheduler and workers run; 0 other jobs are under way.")
    CollectRequest.objects.update(taken_at=timezone.now())
    assert first_run.stalled(made.account) == ""


def test_a_job_that_waits_is_told_too(made: Made, sign_in: Any) -> None:
    run = made.run("account", state="queued", finished=False)
    long_ago(run.job_set, due_at=None)
    assert "nor a worker was heard from" in text(sign_in().get(url(made)))


def test_an_overview_without_a_judgement_leads_back_to_the_steps(made: Made, elsewhere: Made, sign_in: Any) -> None:
    page = sign_in().get("/").content.decode()
    assert url(made) in page
    assert url(elsewhere) in page
    made.state()
    assert url(elsewhere) not in sign_in().get("/").content.decode()


def test_the_cost_page_tells_three_sizes_or_the_one_that_is_asked(made: Made, sign_in: Any) -> None:
    client = sign_in()
    said = text(client.get("/accounts/cost/"))
    assert [f"{n} account" in said for n in (1, 50, 400)] == [True] * 3
    assert "2 USD for 100,000" in said
    assert [one.accounts for one in client.get("/accounts/cost/?accounts=12").context["costs"]] == [12]
    for wrong in ("0", "-1", "x", "99999", "٣", "9" * 99):
        assert [one.accounts for one in client.get("/accounts/cost/", {"accounts": wrong}).context["costs"]] == [
            1,
            50,
            400,
        ]
