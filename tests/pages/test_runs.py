"""What the collector does and did."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import CollectRequest
from iamdash.access.models import Role
from tests.pages.conftest import Made
from tests.pages.shown import text

pytestmark = pytest.mark.django_db


def test_no_run_yet(sign_in: Any, made: Made) -> None:
    assert "starts within 30 seconds" in text(sign_in().get("/runs/"))


def test_a_run_under_way_asks_for_itself_again(made: Made, sign_in: Any) -> None:
    run = made.run("account", "credential_report", state="running", finished=False, step="iam:GetCredentialReport")
    page = sign_in().get(f"/runs/{run.pk}/")
    assert 'hx-trigger="every 3s"' in page.content.decode()
    assert "0 of 2 sources" in text(page)
    assert "iam:GetCredentialReport" in text(page)


def test_a_finished_run_asks_no_more(made: Made, sign_in: Any) -> None:
    run = made.run("account", "judge")
    page = sign_in().get(f"/runs/{run.pk}/")
    assert "every 3s" not in page.content.decode()
    assert "1 of 1 sources" in text(page)


def test_htmx_gets_the_progress_alone(made: Made, sign_in: Any) -> None:
    run = made.run("account", state="running", finished=False)
    page = sign_in().get(f"/runs/{run.pk}/", headers={"hx-request": "true"})
    assert b"<html" not in page.content
    assert "HX-Request" in page.headers["Vary"]
    whole = sign_in().get(f"/runs/{run.pk}/", headers={"hx-request": "true", "hx-history-restore-request": "true"})
    assert b"<html" in whole.content


def test_a_source_that_saw_less_than_all_is_partial_and_names_the_permission(made: Made, sign_in: Any) -> None:
    made.coverage("iam:GetAccountSummary", "denied", permission="iam:GetAccountSummary")
    run = made.run("account", error="AccessDenied: no")
    shown = text(sign_in().get(f"/runs/{run.pk}/"))
    assert "Partial" in shown
    assert "needs iam:GetAccountSummary" in shown
    assert "1 of 1 sources, 1 not whole" in shown
    assert "Account details Partial" in shown  # the source by its name in words alone
    assert "Finished, 1 not whole" in text(sign_in().get("/runs/"))


def test_a_failed_job_is_failed_everywhere(made: Made, sign_in: Any) -> None:
    run = made.run("account", state="failed", error="KeyError: 'RoleId'")
    client = sign_in()
    assert "KeyError" in text(client.get(f"/runs/{run.pk}/"))
    assert "Failed" in text(client.get("/runs/", {"state": "failed"}))
    assert "No run matches" in text(client.get("/runs/", {"state": "finished"}))


def test_the_number_of_queries_does_not_grow_with_runs(
    made: Made, sign_in: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        made.run("account", "judge")
    client = sign_in()
    with django_assert_max_num_queries(19):
        client.get("/runs/")


def test_a_run_is_cancelled_by_asking_the_worker(made: Made, sign_in: Any) -> None:
    run = made.run("account", state="running", finished=False)
    client = sign_in(Role.ANALYST)
    shown = text(client.post(f"/runs/{run.pk}/cancel/", follow=True))
    assert "ends the run within 30 seconds" in shown
    assert "Ending" in shown
    assert CollectRequest.objects.get().cancel
    assert "Cancel this run" not in text(sign_in(Role.VIEWER).get(f"/runs/{run.pk}/"))


def test_a_finished_run_cannot_be_cancelled(made: Made, sign_in: Any) -> None:
    run = made.run("account")
    sign_in(Role.ANALYST).post(f"/runs/{run.pk}/cancel/")
    assert not CollectRequest.objects.exists()


def test_a_cancelled_job_is_over_and_not_called_failed(made: Made, sign_in: Any) -> None:
    run = made.run("account", state="cancelled")
    shown = text(sign_in().get(f"/runs/{run.pk}/"))
    assert "Cancelled" in shown
    assert "1 of 1 sources" in shown
