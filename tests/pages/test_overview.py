"""Where do we stand: with nothing, with nothing judged, with nothing wrong, with faults, and with gaps."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account
from findings.models import AccountDay, DailyCount, FindingEvent
from iamdash.access.models import Role
from tests.pages.conftest import Made
from tests.pages.making import ago, covered, finding
from tests.pages.shown import text

pytestmark = pytest.mark.django_db


def test_an_empty_installation_shows_an_admin_the_first_step(sign_in: Any) -> None:
    response = sign_in(Role.ADMIN).get("/")
    assert "Connect the first account" in text(response)
    assert b'href="/accounts/add/?kind=role"' in response.content


def test_an_empty_installation_tells_a_viewer_whom_to_ask(sign_in: Any) -> None:
    response = sign_in(Role.VIEWER).get("/")
    assert "An admin gives operators their accounts" in text(response)
    assert b"/accounts/add/" not in response.content


def test_before_the_first_judgement_nothing_looks_fine(made: Made, sign_in: Any) -> None:
    shown = text(sign_in().get("/"))
    assert "nothing was judged yet" in shown
    assert "Not judged yet" in shown
    assert "No role or user has an open finding" not in shown


def test_nothing_wrong_says_what_was_checked(made: Made, sign_in: Any) -> None:
    made.coverage()
    made.state(n_subjects=42, n_clear=42)
    shown = text(sign_in().get("/"))
    assert "made 42 checks" in shown
    assert "No role or user has an open finding" in shown
    assert "No rule of this practice is built yet" in shown or "Not judged yet" in shown


def test_that_nothing_is_open_is_not_said_while_part_is_unknown(made: Made, sign_in: Any) -> None:
    made.coverage()
    made.state("LP101", n_subjects=42, n_clear=40, n_unknown=2)
    made.state("KY101", n_subjects=7, n_clear=0, n_unknown=7)
    made.state("HM101", n_subjects=3, n_clear=3)
    shown = text(sign_in().get("/"))
    assert "Unknown in part: no open finding is known 22 rules" in re.sub(r"\d+ rules", "22 rules", shown)
    assert "made 42 checks, 2 unknown" in shown
    assert "made 7 checks, 7 unknown" in shown
    assert len(re.findall(r" Unknown \d+ rules", shown)) == 1
    assert shown.count("0 open none") == 1  # of the practice that was judged, and has nothing
    assert "No role or user has an open finding" not in shown
    assert "No account has an open finding" not in shown
    assert "No role or user is known to have an open finding; part is unknown" in shown
    made.finding("LP101")
    assert "Unknown in part" not in text(sign_in().get("/"))


def test_open_findings_are_counted_by_practice_and_lead_to_their_list(made: Made, sign_in: Any) -> None:
    made.state("KY101", n_open=1)
    made.finding("KY101", severity=5, subject="a")
    made.finding("KY102", severity=4, subject="b")
    made.finding("LP101", severity=3, subject="c")
    made.finding(
        "LP101", severity=3, subject="gone", resolved_at=made.account.added_at, resolved_why="clear", status="resolved"
    )
    response = sign_in().get("/")
    assert "2 critical or high of 3 open findings" in text(response)
    page = response.content.decode()
    assert "/findings/?practice=KY&amp;severity=critical" in page
    assert "Keys has the most critical and high findings: 2 of 2 open." in text(response)


def test_the_chart_and_its_table_say_the_same(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    made.finding("KY101", severity=5)
    chart = sign_in().get("/").context["chart"]
    table = {label: [value for value, _ in cells] for label, cells in chart.rows}
    drawn = {label: [s["values"][i] for s in chart.spec["series"]] for i, label in enumerate(chart.spec["labels"])}
    assert table == drawn
    assert table["Keys"][0] == 1


def test_a_denied_api_is_named_with_its_permission(made: Made, elsewhere: Made, sign_in: Any) -> None:
    for each in (made, elsewhere):
        each.coverage("iam:GetCredentialReport", "denied", permission="iam:GetCredentialReport")
    shown = text(sign_in().get("/"))
    assert "iam:GetCredentialReport is denied in payments-prod and sandbox: grant iam:GetCredentialReport" in shown
    assert "unknown, not fine" in shown


def test_one_missing_permission_is_one_line_with_its_accounts(made: Made, sign_in: Any) -> None:
    for n in range(5):
        account = Account.objects.create(aws_id=f"00000000010{n}", name=f"team-{n}")
        for api in ("iam:A", "iam:B", "iam:C", "iam:D"):
            denied = covered(account, api, "denied")
            denied.permission = "sts:AssumeRole"
            denied.save()
    made.coverage("iam:A", "throttled")
    response = sign_in().get("/")
    shown = text(response)
    assert "iam:A, iam:B, iam:C and 1 more are denied in team-0, team-1, team-2 and 2 more accounts" in shown
    assert shown.count("grant sts:AssumeRole") == 1
    assert "iam:A was throttled in payments-prod: The next collection asks again." in shown
    assert b'href="/accounts/000000000100/?account=000000000100#coverage"' in response.content


def test_the_account_of_the_address_narrows_everything(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.role("mine", risk=300, medium=1)
    elsewhere.role("theirs", risk=300, medium=1)
    made.finding(subject="one")
    elsewhere.finding(subject="two")
    response = sign_in().get("/", {"account": made.account.aws_id})
    assert response.context["total"] == 1
    assert "mine" in text(response)
    assert "theirs" not in text(response)


def test_the_riskiest_account_comes_first(made: Made, elsewhere: Made, sign_in: Any) -> None:
    for n in range(5):
        made.finding(severity=3, subject=f"r{n}")
    elsewhere.finding(severity=5)
    accounts = [account.name for account, _ in sign_in().get("/").context["accounts_by_risk"]]
    assert accounts == ["sandbox", "payments-prod"]


def test_what_opened_and_was_resolved_leads_to_its_lists(made: Made, sign_in: Any) -> None:
    new, old = finding(made.account, opened_at=ago(days=2)), finding(made.account, opened_at=ago(days=9))
    gone = finding(made.account, opened_at=ago(days=9), resolved_at=ago(days=1))
    for one, kind, at in ((new, "opened", 2), (old, "opened", 9), (gone, "resolved", 1)):
        FindingEvent.objects.create(account=made.account, finding=one, kind=kind, at=ago(days=at))
    made.state()
    client = sign_in()
    response = client.get("/")
    assert "Last 7 days: 1 opened, 1 resolved." in text(response)
    for name, found in (("opened", new), ("resolved", gone)):
        rows = client.get(response.context["change_urls"][name]).context["list"].table.data.data
        assert [row.pk for row in rows] == [found.pk]


def test_practices_tell_their_change_in_the_period_and_in_the_one_before(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    made.state("LP101")
    urgent = {10: 6, 7: 5, 6: 4, 0: 1}  # days ago -> of Keys, critical or high
    for days, gap, lost in ((14, 0, 7_000), (10, 4, 9_000), (7, 3, 9_000), (6, 1, 8_000), (0, 6, 4_000)):
        day = timezone.now().date() - timedelta(days=days)
        AccountDay.objects.create(
            account=made.account, day=day, gap=gap, score=100_000 - lost, decided=0, unknown=0, rules=9,
            lost={"KY101": [lost, 0, 0]},
        )  # fmt: skip
        if days in urgent:
            DailyCount.objects.create(account=made.account, day=day, practice="KY", severity=4, n_open=urgent[days])
    shown = text(sign_in().get("/", {"days": "7"}))
    assert "Critical and high: 3 fewer in 7 days, 4 more in the 7 days before" in shown
    assert "Costs 4 of 100 points: 4.0 points better in 7 days, 1.0 point worse in the 7 days before" in shown
    assert "no change in 7 days, nor in the 7 days before" in shown  # of the other practices
    assert "since" not in shown.split("Better or worse?")[1].split("How did it go?")[0]


def test_that_more_is_known_is_not_called_better(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    today = timezone.now().date()
    for days, score, lost in ((6, 62_000, [0, 0, 38_000]), (0, 98_000, [2_000, 0, 0])):
        AccountDay.objects.create(
            account=made.account, day=today - timedelta(days=days), gap=0 if days else 6, score=score, decided=0,
            unknown=lost[2], rules=9, lost={"KY101": lost},
        )  # fmt: skip
    web = sign_in()
    shown = text(web.get("/", {"days": "7"}))
    assert "Neither better nor worse: the score rose by 36.0 points, only since more is known, to 98 of 100" in shown
    assert "KY101 root-access-key raised it only since more is known, by 36.0 points together." in shown
    assert "points better" not in shown
    trends = text(web.get("/trends/", {"days": "7"}))
    assert "Neither better nor worse, but more is known: that alone raised the score." in trends
    report = text(web.get("/trends/report/", {"days": "7"}))
    assert "raised it only since more is known, by 36.0 points together." in report
    known = "Known now: what KY101 root-access-key ask, 2.0 points of the score, which it did not raise."
    assert known in report  # the rest is not told a second time


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        (36_010, "only since more is known"),
        (35_960, "nearly all of them only since"),
        (35_800, "35.8 of them only since"),
    ],
)
def test_how_much_of_a_rise_is_only_known_is_told_in_words_that_differ(
    made: Made, sign_in: Any, unknown: int, said: str
) -> None:
    made.state("KY101")
    for days, score, lost in ((6, 60_000, [36_040 - unknown, 0, unknown]), (0, 96_040, [0, 0, 0])):
        AccountDay.objects.create(
            account=made.account, day=timezone.now().date() - timedelta(days=days), gap=0 if days else 6, score=score,
            decided=0, unknown=lost[2], rules=9, lost={"KY101": lost},
        )  # fmt: skip
    assert f"the score rose by 36.0 points, {said}" in text(sign_in().get("/", {"days": "7"}))


def test_a_period_before_that_nobody_saw_is_not_compared_with(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    for days, lost in ((10, 9_000), (0, 4_000)):
        AccountDay.objects.create(
            account=made.account, day=timezone.now().date() - timedelta(days=days), gap=10 if not days else 0,
            score=100_000 - lost, decided=0, unknown=0, rules=9, lost={"KY101": [lost, 0, 0]},
        )  # fmt: skip
    shown = text(sign_in().get("/"))
    assert f"Costs 4 of 100 points: 5.0 points better since {timezone.now() - timedelta(days=10):%-d %B %Y} " in shown
    assert "days before" not in shown


def test_how_long_faults_stayed_is_a_line_by_week_with_its_numbers(made: Made, sign_in: Any) -> None:
    made.state("KY101")
    for days in (89, 0):
        AccountDay.objects.create(account=made.account, day=timezone.now().date() - timedelta(days=days))
    finding(made.account, opened_at=ago(days=9), resolved_at=ago(days=1))
    client = sign_in()
    assert "Half of the one fault put right in 90 days took 8 days or less." in text(client.get("/"))
    assert client.get("/").context["trend"].times_figure is None
    finding(made.account, subject_id="other", opened_at=ago(days=33), resolved_at=ago(days=15))
    response = client.get("/")
    (drawing,) = response.context["trend"].times_figure.drawings
    assert (drawing.notes, drawing.unit) == (["n=1", "n=0", "n=1"], " d")
    assert "Half of the 2 faults put right in 90 days took 8 days or less." in text(response)
    assert drawing.links[-1].replace("&", "&amp;") in response.content.decode()


def test_how_much_is_seen_is_counted(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state("KY101", n_subjects=7, n_clear=5, n_unknown=2)
    client = sign_in()
    shown = text(client.get("/"))
    assert "Judged today 0 of 2 accounts; 2 never judged" in shown
    assert "71 % of 7 ; 2 unknown" in shown
    assert "all read whole" in shown
    assert "CloudTrail was read for 0 of 2 accounts" in shown
    today = timezone.now().date()
    AccountDay.objects.create(account=made.account, day=today)
    AccountDay.objects.create(account=elsewhere.account, day=today - timedelta(days=2))
    made.coverage("iam:ListAccessKeys", "denied", permission="iam:ListAccessKeys")
    response = client.get("/")
    assert "Judged today 1 of 2 accounts; 1 stands as last known" in text(response)
    assert "1 API not read whole" in text(response)
    rows = client.get(response.context["seen"].behind_url).context["list"].table.data.data
    assert [row.pk for row in rows] == [elsewhere.account.pk]


def test_why_most_is_unknown_is_said_with_what_to_do(made: Made, elsewhere: Made, sign_in: Any) -> None:
    for each in (made, elsewhere):
        each.state("MO110", n_subjects=40, n_clear=0, n_unknown=40, reason="s3:GetObject was not collected")
    made.state("KY101", n_subjects=1, n_clear=0, n_unknown=1, reason="iam:ListAccessKeys was throttled")
    shown = text(sign_in().get("/"))
    assert (
        "80 checks in 2 accounts are unknown: s3:GetObject was not collected. What to do: connect the bucket" in shown
    )
    assert "1 check in 1 account is unknown: iam:ListAccessKeys was throttled." in shown
    made.coverage("iam:ListAccessKeys", "throttled")
    shown = text(sign_in().get("/"))
    assert "iam:ListAccessKeys was throttled in payments-prod" in shown
    assert "1 check in 1 account" not in shown  # its line stands above


def test_the_number_of_queries_does_not_grow(
    made: Made, elsewhere: Made, sign_in: Any, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    for each in (made, elsewhere):
        for n in range(12):
            each.role(f"role-{n}", risk=300 + n, medium=1)
            each.finding(subject=f"role-{n}")
    with django_assert_max_num_queries(40):
        client.get("/")


def test_hostile_names_are_text(made: Made, sign_in: Any) -> None:
    made.role("<script>alert(1)</script>", risk=300, medium=1)
    made.account.name = "=HYPERLINK(<b>)\u202e"
    made.account.save()
    made.finding()
    page = sign_in().get("/").content.decode()
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "\u202e" not in page.split("<main")[1]


def test_many_gaps_do_not_hide_the_rest(account: Account, sign_in: Any) -> None:
    for n in range(7):
        covered(account, f"iam:Get{n}", "denied")  # each needs a permission of its own
    html = sign_in().get("/").content.decode()
    assert html.index("iam:Get4") < html.index("<summary>2 more</summary>") < html.index("iam:Get5")
