"""Access reviews: who sees what, the four states, decisions by hand and in bulk, the queue, and the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from collectors.models import Account
from findings.analysis.reviewing import chain
from findings.engine import review_work
from findings.models import (
    AccountOwner,
    Review,
    ReviewAccount,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    ReviewOutcome,
    ReviewSighting,
)
from iamdash.access.database import seen_accounts
from iamdash.access.models import Operator, Role
from tests.conftest import db_role
from tests.pages.acted import said
from tests.pages.making import BACKWARDS, HOSTILE, SCRIPT, ago
from tests.pages.reviewing import TODAY, evidence, item, review
from tests.pages.test_settings import connect

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
KEEP = {"verdict": "keep", "reason": "needed"}


@pytest.fixture
def two(account: Account, other_account: Account) -> Review:
    """A review of two accounts, an item each."""
    made = review(account, other_account)
    item(made, account, "ours")
    item(made, other_account, "theirs")
    return made


def names(response: Any) -> list[str]:
    return [name for name in ("ours", "theirs") if name in said(response)]


@pytest.mark.django_db
def test_without_an_account_there_is_nothing_to_start(sign_in: Client) -> None:
    admin = sign_in(Role.ADMIN)
    for path in ("/reviews/", "/reviews/start/"):
        page = admin.get(path).content.decode()
        assert ("No account is connected" in page, 'href="/reviews/start/"' in page, 'name="which"' in page) == (
            True,
            False,
            False,
        )


def test_what_the_frame_chose_takes_no_form_away(sign_in: Client, account: Account) -> None:
    assert 'name="which"' in sign_in(Role.ADMIN).get("/reviews/start/?account=999999999999").content.decode()


def test_nothing_yet(sign_in: Client, account: Account) -> None:
    connect(account)
    assert "No review is under way An admin of all accounts starts one." in said(sign_in().get("/reviews/"))
    assert "No review is closed yet" in said(sign_in().get("/reviews/?tab=closed"))
    assert "Start a review" in said(sign_in(Role.ADMIN).get("/reviews/"))


@pytest.mark.parametrize(
    ("more", "state", "said_there"),
    [
        ({"starts_on": TODAY + timedelta(days=2), "frozen_at": None}, None, "Nothing is frozen yet"),
        ({"frozen_at": None}, None, "The evidence is being taken down 0 of 1 account done."),
        ({}, TODAY, "Nothing is up for review 1 account was looked at, and has nothing of: all roles and users."),
        ({"due_on": TODAY - timedelta(days=1)}, TODAY, "overdue"),
        ({"closed_at": ago(days=1), "closed_by": "the due date"}, TODAY, "closed 1 d ago by the due date"),
    ],
)
def test_states_of_a_campaign(sign_in: Client, account: Account, more: Any, state: Any, said_there: str) -> None:
    made = review(account, **more)
    if state is None:
        ReviewAccount.objects.update(frozen_at=None)
    assert said_there in said(sign_in().get(f"/reviews/{made.pk}/"))
    assert sign_in().get("/reviews/").status_code == 200


def test_a_reviewer_of_some_accounts_sees_only_their_items(sign_in: Client, two: Review, account: Account) -> None:
    client = sign_in(Role.ANALYST, [account])
    assert names(client.get(f"/reviews/{two.pk}/items/")) == ["ours"]
    assert "1 more account of it is not yours to see" in said(client.get(f"/reviews/{two.pk}/"))
    theirs = ReviewItem.objects.get(name="theirs")
    assert client.get(f"/reviews/{two.pk}/items/{theirs.pk}/").status_code == 404
    assert client.post(f"/reviews/{two.pk}/items/{theirs.pk}/decide/", KEEP).status_code == 404
    client.post(f"/reviews/{two.pk}/items/decide/", KEEP | {"all": "yes", "item": theirs.pk})
    assert set(ReviewDecision.objects.values_list("item__name", flat=True)) == {"ours"}


def test_the_database_keeps_items_apart_and_as_they_were_frozen(two: Review, account: Account) -> None:
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        assert list(ReviewItem.objects.values_list("name", flat=True)) == ["ours"]
        assert ReviewAccount.objects.count() == 1
    for table in ("reviewitem", "reviewoutcome", "reviewsighting"):
        for statement in ("delete from findings_{}", "update findings_{} set id = id"):
            with pytest.raises(ProgrammingError, match="permission denied"), _web(account):
                _run(statement.format(table))
    for change in ("update findings_reviewdecision set reason = ''", "delete from findings_reviewdecision"):
        with pytest.raises(ProgrammingError, match="permission denied"), _web(account):
            _run(change)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _web(account: Account) -> Iterator[None]:
    with transaction.atomic(), db_role("iamdash_web"), seen_accounts([account.pk]):
        yield


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"title": ""}, "required"),
        ({"title": BACKWARDS}, "signs that can be seen"),
        ({"whom": []}, "required"),
        ({"whom": ["account:999999999999"]}, "not one of the available choices"),
        ({"which": []}, "required"),
        ({"starts_on": TODAY - timedelta(days=1)}, "That day is over"),
        ({"due_on": TODAY - timedelta(days=1)}, "The last day lies between"),
        ({"reviewer": "narrow"}, "narrow does not see 1 of these accounts."),
        ({"confirm_days": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_start_is_told(
    sign_in: Client, account: Account, other_account: Account, change: Any, why: str
) -> None:
    Operator.objects.create_user("narrow").accounts.set([account])
    response = sign_in(Role.ADMIN).post("/reviews/start/", start() | change)
    assert response.status_code == 422
    assert why in said(response)
    assert not Review.objects.exists()


def start() -> dict[str, Any]:
    return {
        "title": "Autumn", "whom": ["all"], "which": ["people", "keys"], "starts_on": TODAY, "confirm_days": 14,
        "due_on": TODAY + timedelta(days=9),
    }  # fmt: skip


def test_a_start_names_the_owners_as_reviewers(sign_in: Client, account: Account, other_account: Account) -> None:
    Operator.objects.create_user("ben", email="Ben@example.com", all_accounts=True)
    AccountOwner.objects.create(
        scope="account", account=account, name="Payments", contact="ben@example.com", set_by="ada"
    )
    page = said(sign_in(Role.ADMIN).post("/reviews/start/", start() | {"whom": ["all"]}, follow=True))
    assert "Autumn is planned for 2 accounts." in page
    assert list(Reviewer.objects.values_list("account", "reviewer")) == [(account.pk, "ben")]
    sign_in(Role.ADMIN).post("/reviews/start/", start() | {"whom": ["owner:Payments"], "reviewer": "ben"})
    assert list(ReviewAccount.objects.filter(review=Review.objects.latest("pk")).values_list("account", flat=True)) == [
        account.pk
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(sign_in: Client, account: Account, text: str) -> None:
    made = review(account, title="x", note=text[:200])
    told = evidence(text[:200], unknown=[text], outsider={"principal": text, "standing": text, "only_if": [[text]]})
    one = item(made, account, text[:200], told=told)
    client = sign_in(Role.ANALYST)
    for page in (f"/reviews/{made.pk}/", f"/reviews/{made.pk}/items/", f"/reviews/{made.pk}/items/{one.pk}/"):
        body = client.get(page).content.decode()
        assert SCRIPT not in body
        assert "\u202e" not in body
    rows = client.get(f"/reviews/{made.pk}/items/?tab=all&export=csv").body.decode().splitlines()
    assert not any(cell.startswith("=") for row in rows for cell in row.split(","))


def test_one_item_with_all_its_evidence(sign_in: Client, account: Account) -> None:
    made = review(account)
    one = item(made, account)
    page = said(sign_in(Role.ANALYST).get(f"/reviews/{made.pk}/items/{one.pk}/"))
    for words in (
        "Machine: CI, medium confidence",
        "999999999999 external",
        "Write: 5 of 9 granted",
        "s3 5",
        "not while it was watched Access Advisor",
        "no source tells",
        "unknown: SCPs are not visible",
        "app is unused",
        "no CloudTrail events were read",
        "All of it: the role goes",
        "1 undecided in your part",
    ):
        assert words in page
    reader = said(sign_in(Role.VIEWER).get(f"/reviews/{made.pk}/items/{one.pk}/"))
    assert "Decide, and go on" not in reader
    assert "This is for analysts of the account" in reader


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"reason": "x"}, "This field is required."),
        ({"verdict": "keep"}, "Say why: an auditor will ask."),
        ({"verdict": "reduce", "reason": "x"}, "not one of the available choices"),
        ({"verdict": "revoke", "reason": "x", "parts": ["admin"]}, "not one of the available choices"),
        ({"verdict": "keep", "reason": BACKWARDS}, "signs that can be seen"),
    ],
)
def test_a_wrong_decision_is_told(sign_in: Client, account: Account, given: Any, why: str) -> None:
    one = item(review(account), account)
    response = sign_in(Role.ANALYST).post(f"/reviews/{one.review_id}/items/{one.pk}/decide/", given)
    assert response.status_code == 422
    assert why in said(response)
    assert not ReviewDecision.objects.exists()


def test_deciding_leads_to_the_next_worst_one_until_nothing_is_left(sign_in: Client, account: Account) -> None:
    made = review(account)
    mild, worst, mid = (item(made, account, f"r{worst}", worst=worst) for worst in (1, 5, 3))
    client = sign_in(Role.ANALYST)
    at = client.get(f"/reviews/{made.pk}/next/")
    for one, following in ((worst, mid), (mid, mild), (mild, None)):
        assert at.url == f"/reviews/{made.pk}/items/{one.pk}/"
        answer = client.post(f"{at.url}decide/", {"verdict": "revoke", "reason": "left", "parts": ["inline:own"]})
        at = client.get(answer.url)
        assert at.url == (f"/reviews/{made.pk}/items/{following.pk}/" if following else f"/reviews/{made.pk}/")
    assert "Nothing else is left for you to decide." in said(client.get(at.url))
    assert set(ReviewDecision.objects.values_list("set_by", "verdict")) == {(client.operator.username, "revoke")}
    assert ReviewDecision.objects.first().parts == ["inline:own"]  # type: ignore[union-attr]


def test_skipping_goes_round(sign_in: Client, account: Account) -> None:
    made = review(account)
    first, second = item(made, account, "a"), item(made, account, "b")
    client = sign_in(Role.ANALYST)
    assert client.get(f"/reviews/{made.pk}/next/?after={first.pk}").url.endswith(f"/items/{second.pk}/")
    assert client.get(f"/reviews/{made.pk}/next/?after={second.pk}").url.endswith(f"/items/{first.pk}/")
    assert client.get(f"/reviews/{made.pk}/next/?after=x").url.endswith(f"/items/{first.pk}/")


def test_nobody_reviews_their_own_access(sign_in: Client, account: Account) -> None:
    made = review(account)
    client = sign_in(Role.ANALYST)
    client.operator.email = "Ann@example.com"
    client.operator.save()
    mine = [item(made, account, f"m{n}", people=[who]) for n, who in enumerate(("ann", "ann@example.com"))]
    other = item(made, account, "other", people=["ben"])
    for one in mine:
        assert "This is your own access" in said(client.get(f"/reviews/{made.pk}/items/{one.pk}/"))
        client.post(f"/reviews/{made.pk}/items/{one.pk}/decide/", KEEP)
    client.post(f"/reviews/{made.pk}/items/decide/", KEEP | {"all": "yes"})
    assert list(ReviewDecision.objects.values_list("item", flat=True)) == [other.pk]
    assert client.get(f"/reviews/{made.pk}/next/").url == f"/reviews/{made.pk}/"


def test_a_named_viewer_reviews_their_accounts_only(sign_in: Client, two: Review, account: Account) -> None:
    client = sign_in(Role.VIEWER)
    client.post(f"/reviews/{two.pk}/items/decide/", KEEP | {"all": "yes"})
    assert not ReviewDecision.objects.exists()
    Reviewer.objects.create(review=two, account=account, reviewer=client.operator.username, set_by="ada")
    ours, theirs = (ReviewItem.objects.get(name=name) for name in ("ours", "theirs"))
    assert client.get(f"/reviews/{two.pk}/next/").url.endswith(f"/items/{ours.pk}/")
    client.post(f"/reviews/{two.pk}/items/{theirs.pk}/decide/", KEEP)
    client.post(f"/reviews/{two.pk}/items/decide/", KEEP | {"all": "yes"})
    assert list(ReviewDecision.objects.values_list("item", flat=True)) == [ours.pk]


def test_bulk_follows_the_view_or_the_ticks(sign_in: Client, account: Account) -> None:
    made = review(account)
    bad, good, told = (
        item(made, account, "bad", worst=5),
        item(made, account, "good"),
        evidence(suggested=["service:s3"]),
    )
    wide = item(made, account, "wide", told=told)
    client = sign_in(Role.ANALYST)
    decide = f"/reviews/{made.pk}/items/decide/"
    client.post(f"{decide}?worst=critical", {"verdict": "revoke", "reason": "x", "all": "yes"})
    page = said(client.post(decide, {"verdict": "reduce", "reason": "y", "item": [good.pk, wide.pk]}, follow=True))
    assert "Change to the suggested policy: 1 item. 1 had no suggestion." in page
    assert dict(ReviewDecision.objects.values_list("item", "verdict")) == {bad.pk: "revoke", wide.pk: "reduce"}
    assert "None of these is yours to decide." in said(client.post(decide, KEEP, follow=True))
    assert "Say why" in said(client.post(decide, {"verdict": "keep", "item": good.pk}, follow=True))


def test_parts_are_handed_over_by_an_admin_or_by_their_reviewer(sign_in: Client, two: Review, account: Account) -> None:
    ReviewAccount.objects.filter(account=account).update(owner="Payments")
    url = f"/reviews/{two.pk}/hand-over/"
    Operator.objects.create_user("cas", all_accounts=True)
    Operator.objects.create_user("blind")
    given = {"of": "Payments|", "to": "cas", "reason": "holiday"}
    assert "not yours to hand over" in said(sign_in(Role.ANALYST).post(url, given, follow=True))
    admin = sign_in(Role.ADMIN)
    assert "blind does not see 1 of these accounts." in said(admin.post(url, given | {"to": "blind"}, follow=True))
    assert "Say why it changes hands." in said(admin.post(url, given | {"reason": ""}, follow=True))
    page = said(admin.post(url, given, follow=True))
    assert "cas reviews 1 more account." in page
    assert "payments-prod to cas" in page
    cas = sign_in(Role.VIEWER)
    Reviewer.objects.update(reviewer=cas.operator.username)
    again = given | {"of": f"Payments|{cas.operator.username}"}
    assert "cas reviews 1 more account." in said(cas.post(url, again, follow=True))
    assert Reviewer.objects.filter(ended_at=None).get().reviewer == "cas"


def test_a_closed_review_is_read_only(sign_in: Client, two: Review) -> None:
    client = sign_in(Role.ADMIN)
    assert "2 of 2 items stay undecided for good" in said(client.get(f"/reviews/{two.pk}/close/"))
    asked = client.post(f"/reviews/{two.pk}/close/", {"undecided": 1})
    assert asked.status_code == 409
    assert "Decisions were made since you looked" in said(asked)
    assert not Review.objects.exclude(closed_at=None).exists()
    closed = client.post(f"/reviews/{two.pk}/close/", {"undecided": 2}, follow=True)
    assert "Closed. What was revoked is still watched." in said(closed)
    one = ReviewItem.objects.first()
    assert one is not None
    for path in ("close/", f"items/{one.pk}/decide/", "items/decide/"):
        page = said(client.post(f"/reviews/{two.pk}/{path}", KEEP | {"item": one.pk}, follow=True))
        assert "The campaign is closed" in page
    page = said(client.get(f"/reviews/{two.pk}/"))
    assert "Undecided when it was closed 2" in page
    assert not ReviewDecision.objects.exists()


def test_what_was_seen_of_revocations(sign_in: Client, account: Account) -> None:
    made = review(account)
    states = ("gone", "still", "back", "waiting", "")
    for state in states:
        one = item(made, account, f"r-{state or 'silent'}")
        decided(one)
        if state:
            unknown = "it was denied" if state == "waiting" else ""
            seen = {"account": account, "decision": one.decisions.get(), "state": state, "said": f"said {state}"}
            ReviewOutcome.objects.create(unknown=unknown, **seen)
            ReviewSighting.objects.create(at=timezone.now(), **seen)
            ReviewItem.objects.filter(pk=one.pk).update(state=state, unsure=bool(unknown))
    client = sign_in()
    page = said(client.get(f"/reviews/{made.pk}/"))
    assert "Waiting to be seen gone 2 Confirmed gone 1 Still there 1 Came back 1" in page
    assert "1 still there 1 came back" in said(client.get("/reviews/"))
    for asked, found in (("gone", 1), ("still", 1), ("back", 1), ("waiting", 2), ("unknown", 1)):
        assert f"{found} item" in said(client.get(f"/reviews/{made.pk}/items/?tab=taken&seen={asked}"))
    assert "unknown: it was denied" in said(client.get(f"/reviews/{made.pk}/items/?tab=taken"))


def listed(client: Any, query: str = "") -> list[str]:
    return [row.title for row in client.get(f"/reviews/{query}").context["list"].table.data.data]


def test_reviews_are_found_narrowed_and_exported(sign_in: Client, account: Account, other_account: Account) -> None:
    day = timedelta(days=1)
    review(account, title="Late <b>", due_on=TODAY - day, starts_on=TODAY - 9 * day, which=["keys"])
    now = review(account, other_account, title="Now", starts_on=TODAY - day, reviewers={account: "ben"})
    later = review(other_account, title="Later", starts_on=TODAY + day, frozen_at=None)
    review(other_account, title="Over", starts_on=TODAY - 2 * day, closed_at=ago(days=1), closed_by="ada")
    taking = review(other_account, title="Taking", frozen_at=None)
    ReviewAccount.objects.filter(review__in=[later, taking]).update(frozen_at=None)
    for n in range(3):
        decided(item(now, account, f"r{n}"), "revoke" if n else "keep")
    ReviewItem.objects.filter(name="r1").update(state="still")
    client = sign_in(Role.ADMIN)
    for query, expected in (
        ("", ["Later", "Taking", "Now", "Late <b>"]), ("?sort=due", ["Late <b>", "Now", "Later", "Taking"]),
        ("?tab=closed", ["Over"]), ("?state=planned", ["Later"]), ("?state=freezing", ["Taking"]), ("?state=open", ["Now"]),
        ("?state=overdue", ["Late <b>"]), ("?which=keys", ["Late <b>"]), ("?seen=still", ["Now"]),
        ("?q=late", ["Later", "Late <b>"]), ("?reviewer=ben", ["Now"]), (f"?account={account.aws_id}", ["Now", "Late <b>"]),
    ):  # fmt: skip
        assert listed(client, query) == expected, query
    states = {one["review"]: one["state"] for one in json.loads(client.get("/reviews/?tab=all&export=json").body)}
    assert states == {"Later": "planned", "Taking": "freezing", "Now": "open", "Late <b>": "overdue", "Over": "closed"}
    (told,) = json.loads(client.get("/reviews/?seen=still&export=json").body)
    assert (told["items"], told["decided"], told["revoke"], told["keep"], told["still"]) == (3, 3, 2, 1, 1)
    page = client.get(f"/reviews/?account={account.aws_id}").content.decode()
    assert f'href="/reviews/{now.pk}/items/?tab=taken&amp;seen=still"' in page
    assert "Late &lt;b&gt;" in page


def test_a_review_whose_evidence_could_not_be_taken_down_says_so(sign_in: Client, account: Account) -> None:
    review(account)
    ReviewAccount.objects.update(frozen_at=None, error="it was denied")
    said_there = said(sign_in().get("/reviews/"))
    assert "no items unknown: the evidence of 1 account could not be taken down" in said_there
    assert listed(sign_in(), "?state=open") == ["Autumn"]


def test_who_is_named_is_led_to_their_reviews(sign_in: Client, account: Account) -> None:
    client = sign_in(Role.VIEWER)
    review(account, title="Mine", reviewers={account: client.operator.username})
    review(account, title="Other")
    assert "In 1 of them you are named to review" in said(client.get("/reviews/"))
    assert listed(client, f"?reviewer={client.operator.username}") == ["Mine"]


def test_reviews_have_pages_and_take_as_many_queries(
    sign_in: Client, account: Account, django_assert_max_num_queries: Any
) -> None:
    for n in range(60):
        review(account, title=f"r{n:02}", starts_on=TODAY - timedelta(days=n))
    client = sign_in()
    with django_assert_max_num_queries(19):
        first = client.get("/reviews/").context["list"]
    assert (first.total, first.table.data.data[0].title) == (60, "r00")
    assert listed(client, first.next_url) == [f"r{n}" for n in range(50, 60)]


def decided(one: ReviewItem, verdict: str = "revoke") -> None:
    review_work.decide([one], review_work.Decided(review_work.Verdict(verdict), "left"), "ben")


def test_the_export_is_verified_and_says_whether_it_is_whole(sign_in: Client, two: Review, account: Account) -> None:
    decided(ReviewItem.objects.get(name="ours"))
    key = chain.public_of(chain.key_of(settings.SECRET_KEY))
    answer = sign_in().get(f"/reviews/{two.pk}/export/")
    name = answer["Content-Disposition"].partition('"')[2].rstrip('"')
    assert f"verify_review {name} --key {key}" in sign_in().get(f"/reviews/{two.pk}/").content.decode()
    lines = answer.body.decode().splitlines(keepends=True)
    found = chain.verify(lines, key)
    assert (found.problems, found.lines, found.header["whole"]) == ((), 6, True)
    bodies = [json.loads(line)["body"] for line in lines]
    assert [body["type"] for body in bodies] == ["review", "account", "account", "item", "item", "end"]
    assert [(b["decision"], len(b["decisions"])) for b in bodies[3:5]] == [("revoke", 1), ("undecided", 0)]
    narrow = sign_in(Role.VIEWER, [account]).get(f"/reviews/{two.pk}/export/").body.decode()
    assert chain.verify(narrow.splitlines(keepends=True), key).header["whole"] is False
    assert "theirs" not in narrow
    ReviewItem.objects.filter(name="ours").update(evidence={"who": "another"})
    again = sign_in().get(f"/reviews/{two.pk}/export/").body.decode()
    assert "the evidence is not what was frozen" in chain.verify(again.splitlines(keepends=True), key).problems[0]


@pytest.mark.parametrize(("path", "most"), [("", 18), ("items/?tab=all", 26), ("items/{}/", 22)])
def test_queries_do_not_grow(
    sign_in: Client, account: Account, django_assert_max_num_queries: Any, path: str, most: int
) -> None:
    made = review(account)
    rows = [item(made, account, f"r{n}") for n in range(30)]
    for one in rows[:20]:
        decided(one)
    client = sign_in(Role.ANALYST)
    with django_assert_max_num_queries(most):
        assert client.get(f"/reviews/{made.pk}/{path.format(rows[0].pk)}").status_code == 200
