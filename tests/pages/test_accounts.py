"""Connecting an account, and telling how healthy what we know of it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from collectors import records
from collectors.models import Account, BundleUpload, CollectRequest, Connection, ConnectionTest
from collectors.models.coverage import says
from iamdash.access.models import Role
from tests import builders
from tests.collectors.test_intake import zipped
from tests.findings.engine.inventory import put
from tests.pages.conftest import Made
from tests.pages.making import covered
from tests.pages.shown import text

pytestmark = pytest.mark.django_db
GOOD = {
    "aws_id": "0123-4567-8901",
    "name": "ledger",
    "partition": "aws",
    "kind": "role",
    "role_name": "iamdash-readonly",
}


def test_no_account_yet(sign_in: Any) -> None:
    assert "Connect an account" in text(sign_in(Role.ADMIN).get("/accounts/"))
    assert "An admin who sees all accounts can connect one" in text(sign_in(Role.VIEWER).get("/accounts/"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aws_id": "123"}, "12 digits, leading zeros included"),
        ({"aws_id": "12345678901x"}, "12 digits, leading zeros included"),
        ({"aws_id": "١٢٣٤٥٦٧٨٩٠١٢"}, "12 digits"),
        ({"aws_id": "000000000001"}, "Account 000000000001 is already connected"),
        ({"role_name": "a role"}, "A role name has 1 to 64 letters"),
        ({"role_name": "x" * 65}, "64"),
        ({"name": ""}, "required"),
        ({"kind": "bundle-of-nothing"}, "not one of the available choices"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_made(
    account: Account, sign_in: Any, change: dict[str, str], message: str
) -> None:
    response = sign_in(Role.ADMIN).post("/accounts/add/", GOOD | change)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Account.objects.count() == 1
    assert not Connection.objects.exists()


def test_only_one_account_is_the_worker_s_own(made: Made, sign_in: Any) -> None:
    Connection.objects.update(kind="ambient")
    response = sign_in(Role.ADMIN).post("/accounts/add/", GOOD | {"kind": "ambient"})
    assert "that one is connected already" in text_of_error(response)


def text_of_error(response: Any) -> str:
    assert response.status_code == 422
    return str(response.content.decode())


def test_an_account_is_registered_with_an_external_id_of_its_own(sign_in: Any) -> None:
    client = sign_in(Role.ADMIN)
    for n in (1, 2):
        assert client.post("/accounts/add/", GOOD | {"aws_id": f"00000000000{n}"}).status_code == 302
    one, two = Connection.objects.order_by("pk")
    assert one.external_id != two.external_id
    assert len(one.external_id) >= 27
    assert one.account.added_by == client.operator.username
    page = client.get("/accounts/000000000001/")
    trust = json.loads(page.context["trust_text"])
    assert trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] == one.external_id


def test_an_external_id_cannot_be_chosen(sign_in: Any) -> None:
    sign_in(Role.ADMIN).post("/accounts/add/", GOOD | {"external_id": "mine"})
    assert Connection.objects.get().external_id != "mine"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_only_admins_see_the_external_id(made: Made, sign_in: Any, role: Role) -> None:
    page = sign_in(role).get(f"/accounts/{made.account.aws_id}/").content.decode()
    assert made.account.connection.external_id not in page


def test_the_list_tells_health(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.coverage()
    made.coverage("iam:GetCredentialReport", "denied")
    client = sign_in()
    shown = text(client.get("/accounts/"))
    assert "1 of 2 APIs missing" in shown
    assert "Not collected yet" in shown
    assert [a.name for a in client.get("/accounts/", {"health": "partial"}).context["list"].table.data.data] == [
        "payments-prod"
    ]
    assert [a.name for a in client.get("/accounts/", {"health": "waiting"}).context["list"].table.data.data] == [
        "sandbox"
    ]


def test_a_gap_is_named_with_the_permission_and_the_age_of_what_is_shown(made: Made, sign_in: Any) -> None:
    made.coverage("iam:GetCredentialReport", "denied", permission="iam:GetCredentialReport", detail="AccessDenied: no")
    shown = text(sign_in().get(f"/accounts/{made.account.aws_id}/"))
    assert "iam:GetCredentialReport is denied: grant iam:GetCredentialReport" in shown
    assert "AccessDenied: no" in shown
    assert "never" in shown
    assert "neither open nor resolve" in shown


def test_a_collection_is_asked_for_not_done(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ANALYST)
    response = client.post(f"/accounts/{made.account.aws_id}/collect/", follow=True)
    assert "within 30 seconds" in text(response)
    assert CollectRequest.objects.get().requested_by == client.operator.username


def test_a_paused_account_is_not_collected_until_it_is_resumed(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ADMIN)
    url = f"/accounts/{made.account.aws_id}/"
    client.post(url + "pause/")
    assert "collection paused" in text(client.get(url))
    client.post(url + "collect/")
    assert not CollectRequest.objects.exists()
    client.post(url + "pause/")
    client.post(url + "collect/")
    assert CollectRequest.objects.exists()


def test_the_number_of_queries_does_not_grow_with_accounts(sign_in: Any, django_assert_max_num_queries: Any) -> None:
    client = sign_in()
    for n in range(60):
        Made(Account.objects.create(aws_id=f"{n:012}", name=f"account-{n}")).finding()
    with django_assert_max_num_queries(20):
        client.get("/accounts/")


@pytest.mark.parametrize("path", ["/accounts/", "/keys/", "/policies/"])
def test_that_nothing_is_open_is_known_of_a_judged_account_only(path: str, made: Made, sign_in: Any) -> None:
    put(made.account, builders.user("robot"), builders.key("robot"), builders.policy("release", attachment_count=1))
    assert "unknown: not judged yet" in text(sign_in().get(path))
    (row,) = exported(sign_in().get(path, {"export": "jsonl"}))
    assert {row[f"open_{s}"] for s in ("critical", "info")} == {None}
    made.state()
    assert "not judged yet" not in text(sign_in().get(path))
    (row,) = exported(sign_in().get(path, {"export": "jsonl"}))
    assert {row[f"open_{s}"] for s in ("critical", "info")} == {0}


def test_work_is_known_of_a_judged_account_only(made: Made, sign_in: Any) -> None:
    names = ("overdue", "new", "accepted")
    path = "/accounts/?" + "&".join(f"cols={name}" for name in names)
    assert "unknown unknown unknown" in text(sign_in().get(path))
    (row,) = exported(sign_in().get(path + "&export=jsonl"))
    assert [row[name] for name in names] == [None] * 3
    made.state()
    assert "unknown" not in text(sign_in().get(path)).partition("Accepted")[2]
    (row,) = exported(sign_in().get(path + "&export=jsonl"))
    assert [row[name] for name in names] == [0] * 3


@pytest.mark.parametrize("state", [None, *(one.value for one in records.State if one is not records.State.COMPLETE)])
def test_how_many_principals_an_unread_account_has_is_unknown(made: Made, sign_in: Any, state: str | None) -> None:
    if state:
        made.coverage("iam:GetAccountAuthorizationDetails", state)
    client = sign_in()
    (row,) = exported(client.get("/accounts/", {"export": "jsonl"}))
    assert row["principals"] is None
    made.account.coverage_set.all().delete()
    made.coverage("iam:GetAccountAuthorizationDetails")
    made.account.coverage_set.update(state=state or "denied")  # what was read once stays known
    (row,) = exported(client.get("/accounts/", {"export": "jsonl"}))
    assert row["principals"] == 0


def exported(response: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.body.decode().splitlines()]


def test_export_is_the_same_query(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.finding(severity=5)
    response = sign_in().get("/accounts/", {"export": "jsonl", "q": "payments"})
    (row,) = exported(response)
    assert (row["account"], row["open_critical"], row["open_high"]) == ("000000000001", 1, 0)


def test_a_connection_test_is_asked_for_once_and_waited_for(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ANALYST)
    url = f"/accounts/{made.account.aws_id}/"
    for _ in range(2):
        client.post(url + "test/")
    test = ConnectionTest.objects.get()
    page = client.get(url)
    assert 'hx-trigger="every 3s"' in page.content.decode()
    assert "the worker begins within 30 seconds" in text(page)
    ConnectionTest.objects.filter(pk=test.pk).update(
        finished_at=made.account.added_at,
        checks=[
            {
                "what": "iam:GetAccountSummary",
                "ok": False,
                "detail": "AccessDenied: no",
                "permission": "iam:GetAccountSummary",
            }
        ],
    )
    shown = client.get(url + "test/state/")
    assert "hx-trigger" not in shown.content.decode()
    assert "Something does not work" in text(shown)
    assert "Grant iam:GetAccountSummary" in text(shown)


def test_a_bundle_is_taken_for_the_worker_and_its_result_shown(made: Made, sign_in: Any) -> None:
    client = sign_in(Role.ANALYST)
    url = f"/accounts/{made.account.aws_id}/"
    good = SimpleUploadedFile("march.zip", zipped({"account.json": {}}))
    assert "The worker reads it within 30 seconds" in text(client.post(url + "upload/", {"file": good}, follow=True))
    sent = BundleUpload.objects.get()
    assert sent.uploaded_by == client.operator.username
    assert "waiting for the worker" in text(client.get(url))
    BundleUpload.objects.update(
        finished_at=made.account.added_at, content=None, error="march.zip holds <b>nothing</b>."
    )
    page = client.get(url).content.decode()
    assert "not loaded." in page
    assert "<b>nothing" not in page


def test_so_many_bundles_wait(made: Made, sign_in: Any, elsewhere: Made, settings: Any) -> None:
    """Another operator's of an account that is not seen count, too; what was read does not."""
    url = f"/accounts/{made.account.aws_id}/upload/"
    client, other = sign_in(Role.ANALYST, [made.account]), sign_in(Role.ANALYST, [elsewhere.account])

    def sent(by: Any = client, at: str = url) -> str:
        return text(by.post(at, {"file": SimpleUploadedFile("a.zip", zipped({"account.json": {}}))}, follow=True))

    settings.UPLOADS_WAITING = 8
    for _ in range(2):
        assert "Received." in sent()
    assert "with it 3 bundles of yours would wait for the worker, and 2 may" in sent()
    assert "Received." in sent(other, f"/accounts/{elsewhere.account.aws_id}/upload/")
    BundleUpload.objects.filter(uploaded_by=client.operator.username).update(uploaded_by="somebody")
    settings.UPLOADS_WAITING = 4
    assert "Received." in sent()
    BundleUpload.objects.update(uploaded_by="somebody")
    refused = sent()
    assert "with it 5 bundles would wait for the worker, and 4 may (IAMDASH_UPLOADS_WAITING=4)" in refused
    assert "manage.py bundle load" in refused
    assert BundleUpload.objects.count() == 4
    BundleUpload.objects.filter(account=elsewhere.account).update(finished_at=made.account.added_at, content=None)
    assert "Received." in sent()


@pytest.mark.parametrize(("whose", "told"), [("", "with it 3 MB of yours"), ("somebody", "with it 9 MB would")])
def test_so_many_megabytes_wait(made: Made, sign_in: Any, settings: Any, whose: str, told: str) -> None:
    settings.UPLOADS_WAITING_MB = 8
    client = sign_in(Role.ANALYST)
    size = 8_500_000 if whose else 2_500_000
    BundleUpload.objects.create(
        account=made.account, content=b"\0" * size, uploaded_by=whose or client.operator.username
    )
    upload = SimpleUploadedFile("a.zip", zipped({"account.json": {}}))
    refused = text(client.post(f"/accounts/{made.account.aws_id}/upload/", {"file": upload}, follow=True))
    assert told in refused
    assert "IAMDASH_UPLOADS_WAITING_MB=8" in refused


@pytest.mark.parametrize(("name", "content"), [("notes.txt", b"hello"), ("empty.zip", b"")])
def test_what_is_no_zip_is_refused_at_once(made: Made, sign_in: Any, name: str, content: bytes) -> None:
    url = f"/accounts/{made.account.aws_id}/upload/"
    shown = text(sign_in(Role.ANALYST).post(url, {"file": SimpleUploadedFile(name, content)}, follow=True))
    assert "is no zip" in shown or "empty" in shown
    assert not BundleUpload.objects.exists()


def test_an_account_of_files_is_registered_and_asks_for_its_first_bundle(sign_in: Any) -> None:
    page = text(sign_in(Role.ADMIN).post("/accounts/add/", GOOD | {"kind": "bundle"}, follow=True))
    assert "Upload its first bundle below." in page
    assert "Upload the bundle To do" in page
    assert "Nothing yet. Upload a bundle below." in text(sign_in(Role.ADMIN).get("/accounts/012345678901/"))
    assert "Collect now" not in page
    assert "CloudFormation" not in page


@pytest.mark.parametrize("state", [s for s in records.State if s not in {"complete", "not_applicable"}])
def test_every_way_of_not_knowing_is_said_on_every_page(made: Made, sign_in: Any, state: records.State) -> None:
    made.coverage("iam:GetAccountSummary", state)
    run = made.run("account")
    client = sign_in()
    for url in ("/", f"/accounts/{made.account.aws_id}/", f"/runs/{run.pk}/"):
        assert f"iam:GetAccountSummary {says(state)}" in text(client.get(url)), url
    assert "1 account partial" in text(client.get("/"))


def test_numbers_of_an_account_lead_to_what_they_count(sign_in: Any, account: Account) -> None:
    made = Made(account)
    covered(account)
    for n in range(3):
        made.role(f"role-{n}", risk=n)
    page = sign_in().get("/accounts/").content.decode()
    assert f'<a href="/principals/?account={account.aws_id}">3</a>' in page
    assert sign_in().get(f"/principals/?account={account.aws_id}").context["list"].total == 3
