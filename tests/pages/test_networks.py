"""Naming networks: who may, what a wrong answer is told, and that judgements and pages follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from collectors.models import Account
from findings.engine.decided import Names, settings_of
from findings.models import AwsRanges, JudgementRequest, NamedNetwork
from iamdash.access.database import seen_accounts
from iamdash.access.models import Role
from tests.builders import role
from tests.conftest import db_role
from tests.findings.analysis.activity.test_networks import prefix, ranges
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, judge_now, said, watch
from tests.pages.making import BACKWARDS, SCRIPT

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
OFFICE = {"cidrs": "192.0.2.0/24", "kind": "office", "label": "Berlin"}


def named(cidr: str, name: str, account: Account | None = None) -> NamedNetwork:
    return NamedNetwork.objects.create(cidr=cidr, name=name, account=account, set_by="anna")


def standing() -> dict[str, str]:
    return dict(NamedNetwork.objects.filter(ended_at=None).values_list("cidr", "name"))


@pytest.fixture
def admin(sign_in: Client) -> Any:
    return sign_in(Role.ADMIN)


def test_without_a_name_the_page_says_what_that_means(sign_in: Client, account: Account) -> None:
    page = said(sign_in().get("/networks/"))
    assert "No network is named So an address tells nothing of who stands behind it. An admin can name them." in page
    assert "unknown: AWS's list was not handed in" in page
    assert "Name networks" not in page


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cidrs": ""}, "required"),
        ({"cidrs": "office"}, "office is no network. Write it as 192.0.2.0/24 or 2001:db8::/32."),
        ({"cidrs": "192.0.2.0/33"}, "192.0.2.0/33 is no network"),
        ({"cidrs": "192.0.2.0/255.255.0.255"}, "is no network"),
        ({"cidrs": "192.0.2.7/24"}, "192.0.2.7/24 is an address within 192.0.2.0/24. Write 192.0.2.0/24"),
        ({"cidrs": "0.0.0.0/0"}, "0.0.0.0/0 is wider than any network of one company: at least /8."),
        ({"cidrs": "2000::/3"}, "at least /16"),
        ({"cidrs": "198.51.100.0/24"}, "198.51.100.0/24 is named vpn already, by anna. End that first."),
        ({"cidrs": "192.0.2.0/24\nnot one\n"}, "not one is no network"),
        ({"cidrs": "\n".join(f"x{n}" for n in range(9))}, "4 more."),
        ({"cidrs": "\n".join(f"10.0.0.{n}" for n in range(201))}, "These are 201 lines; name at most 200 at a time."),
        ({"cidrs": SCRIPT}, "is no network"),
        ({"kind": "home"}, "not one of the available choices"),
        ({"label": BACKWARDS}, "signs that can be seen"),
        ({"label": "x" * 61}, "at most 60"),
        ({"account": "999"}, "not one of the available choices"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_named(
    admin: Any, account: Account, change: dict[str, str], why: str
) -> None:
    named("198.51.100.0/24", "vpn")
    response = admin.post("/networks/add/", OFFICE | change)
    assert response.status_code == 422
    assert why in said(response)
    assert SCRIPT not in response.content.decode()
    assert standing() == {"198.51.100.0/24": "vpn"}
    assert not JudgementRequest.objects.exists()


def test_networks_are_named_and_every_account_is_judged_anew(
    admin: Any, account: Account, other_account: Account
) -> None:
    admin.post(
        "/networks/add/",
        OFFICE | {"cidrs": "192.0.2.0/24, 2001:DB8:1::/48\n203.0.113.9\n192.0.2.0/24", "label": " Berlin  2"},
    )
    assert standing() == dict.fromkeys(("192.0.2.0/24", "2001:db8:1::/48", "203.0.113.9/32"), "office Berlin 2")
    assert set(JudgementRequest.objects.values_list("account", flat=True)) == {account.pk, other_account.pk}
    page = said(admin.get("/networks/"))
    assert "3 networks are named. Accounts are judged by it within a minute." in page
    assert "2001:db8:1::/48 office Berlin 2 all accounts" in page


def rows(client: Any, query: str) -> list[str]:
    return [row.cidr for row in client.get(f"/networks/{query}").context["list"].table.data.data]


def test_networks_are_found_sorted_and_exported(admin: Any, account: Account, other_account: Account) -> None:
    for cidr, name, whose in (
        ("10.10.0.0/16", "vpn", None), ("10.2.0.0/16", "office Berlin", account), ("10.2.0.0/24", "officer", None),
        ("2001:db8::/32", "ci-2", other_account), ("9.0.0.0/8", "vendor <b>", None),
    ):  # fmt: skip
        named(cidr, name, whose)
    in_order = ["9.0.0.0/8", "10.2.0.0/16", "10.2.0.0/24", "10.10.0.0/16", "2001:db8::/32"]
    assert rows(admin, "") == in_order
    assert rows(admin, "?sort=-network") == in_order[::-1]
    assert rows(admin, "?sort=whose") == ["9.0.0.0/8", "10.2.0.0/24", "10.10.0.0/16", "10.2.0.0/16", "2001:db8::/32"]
    assert rows(admin, "?kind=office&kind=ci") == ["10.2.0.0/16", "2001:db8::/32"]
    assert rows(admin, "?for=one") == ["10.2.0.0/16", "2001:db8::/32"]
    assert rows(admin, "?q=berlin") == ["10.2.0.0/16"]
    assert rows(admin, f"?account={account.aws_id}") == in_order[:4]
    lines = admin.get("/networks/?for=one&export=csv").body.decode().splitlines()
    assert lines[0] == "network,name,kind,account,account_name,noted_by,noted_at,ended_by,ended_at"
    assert [line.rpartition(",anna,")[0] for line in lines[1:]] == [
        "10.2.0.0/16,office Berlin,office,000000000001,payments-prod",
        "2001:db8::/32,ci-2,ci,000000000002,sandbox",
    ]
    assert "vendor &lt;b&gt;" in admin.get("/networks/").content.decode()


def test_pages_of_networks_follow_their_order(admin: Any, account: Account) -> None:
    for n in range(60):
        named(f"10.{n}.0.0/16", "office")
    first = admin.get("/networks/").context["list"]
    assert [row.cidr for row in first.table.data.data][-1] == "10.49.0.0/16"
    assert rows(admin, first.next_url) == [f"10.{n}.0.0/16" for n in range(50, 60)]


def test_what_overlaps_is_told(admin: Any, account: Account) -> None:
    named("10.0.0.0/8", "datacentre")
    named("10.1.2.0/24", "vpn")
    named("192.0.2.0/24", "ci", account)
    page = said(admin.post("/networks/add/", {"cidrs": "10.1.0.0/16\n192.0.2.0/24", "kind": "office"}, follow=True))
    assert "10.1.0.0/16 lies within 10.0.0.0/8 (datacentre)." in page
    assert "10.1.0.0/16 holds 10.1.2.0/24 (vpn)." in page
    assert "the narrower names an address" in page


def test_a_name_ends_and_stays_on_record(admin: Any, account: Account) -> None:
    one = named("192.0.2.0/24", "office Berlin")
    page = said(admin.post(f"/networks/{one.pk}/end/", follow=True))
    assert "192.0.2.0/24 is no longer named office Berlin" in page
    before = admin.get("/networks/?tab=ended")
    assert "192.0.2.0/24 office Berlin all accounts just now by anna ended just now by admin" in said(before)
    assert "formaction" not in before.content.decode()
    assert standing() == {}
    assert admin.post(f"/networks/{one.pk}/end/").status_code == 404
    assert admin.post("/networks/add/", OFFICE).status_code == 302


def test_an_account_s_own_name_comes_first_and_aws_s_last(account: Account, other_account: Account) -> None:
    AwsRanges.objects.create(
        published="x", named={"192.0.2.0/24": "aws EC2 x", "198.51.100.0/24": "aws S3 x"}, set_by="a"
    )
    named("192.0.2.0/24", "office")
    named("192.0.2.0/24", "vpn of ours", account)
    named("198.51.100.7/32", "ci", other_account)
    assert settings_of(account).networks == {"192.0.2.0/24": "vpn of ours", "198.51.100.0/24": "aws S3 x"}
    names = Names()
    assert names.of(other_account.pk).name("192.0.2.9") == "office"
    assert names.of(other_account.pk).name("198.51.100.7") == "ci"
    assert names.of(account.pk).name("198.51.100.7") == "aws S3 x"
    assert names.of(None) is names.of(999)


def test_people_on_a_vpn_are_people_once_it_is_named(sign_in: Client, account: Account) -> None:
    """The name decides what a laptop's tools tell, and stands beside the address."""
    app = role("app")
    put(account, app)
    watch(account)
    acted(account, app, "x", agents=["powershell on Windows"], networks=["192.0.2.7"])
    judge_now(account)
    client = sign_in(Role.ADMIN)
    assert client.get("/activity/?verdict=untold").context["list"].total == 1
    client.post("/networks/add/", OFFICE | {"kind": "vpn", "label": ""})
    judge_now(account)
    page = said(client.get("/activity/?verdict=person"))
    assert "was used with powershell on Windows from 192.0.2.7 (vpn)" in page


def test_an_admin_of_some_accounts_names_networks_for_those_only(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    shared, theirs = named("10.0.0.0/8", "datacentre"), named("10.1.0.0/16", "vpn theirs", other_account)
    client = sign_in(Role.ADMIN, [account])
    page = said(client.get("/networks/"))
    assert "datacentre" in page
    assert "vpn theirs" not in page
    assert f'formaction="/networks/{shared.pk}/end/"' not in client.get("/networks/").content.decode()
    assert client.post("/networks/add/", OFFICE).status_code == 422
    assert client.post("/networks/add/", OFFICE | {"account": other_account.pk}).status_code == 422
    assert client.post("/networks/add/", OFFICE | {"account": account.pk}).status_code == 302
    assert NamedNetwork.objects.get(cidr="192.0.2.0/24").account == account
    assert client.post(f"/networks/{shared.pk}/end/").status_code == 403
    assert client.post(f"/networks/{theirs.pk}/end/").status_code == 404
    assert set(JudgementRequest.objects.values_list("account", flat=True)) == {account.pk}


@pytest.mark.parametrize(
    "row", [lambda a: named("10.0.0.0/8", "x"), lambda a: AwsRanges.objects.create(named={}, set_by="x")]
)
def test_the_database_keeps_what_is_everybody_s_from_who_sees_some_accounts(account: Account, row: Any) -> None:
    with (
        db_role("iamdash_web"),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        seen_accounts([account.pk]),
    ):
        row(account)


def test_the_web_ends_a_name_and_rewrites_none(account: Account) -> None:
    one = named("10.0.0.0/8", "x")
    with (
        db_role("iamdash_web"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        seen_accounts("*"),
    ):
        NamedNetwork.objects.filter(pk=one.pk).update(name="y")


def upload(client: Any, blob: bytes) -> Any:
    return client.post("/networks/aws/", {"file": SimpleUploadedFile("ip-ranges.json", blob)}, follow=True)


def test_aws_s_list_is_handed_in_once(admin: Any, account: Account) -> None:
    blob = ranges(prefix("198.51.100.0/24"), prefix("2001:db8::/36", "S3"))
    assert "2 networks of AWS are known" in said(upload(admin, blob))
    assert "2 networks, as AWS published them on 2026-11-20; handed in just now by admin" in said(
        admin.get("/networks/")
    )
    assert settings_of(account).networks["198.51.100.0/24"] == "aws EC2 eu-west-1"
    assert JudgementRequest.objects.count() == 1
    assert "It is the list that is known" in said(upload(admin, blob))
    assert AwsRanges.objects.count() == 1


@pytest.mark.parametrize(
    ("blob", "why"), [(b"{}", 'no list "prefixes"'), (b"", "empty"), (ranges(prefix(SCRIPT)), "Entry 1")]
)
def test_what_is_no_list_of_aws_is_told(admin: Any, account: Account, blob: bytes, why: str) -> None:
    response = upload(admin, blob)
    assert response.status_code == 422
    assert why in said(response)
    assert SCRIPT not in response.content.decode()
    assert not AwsRanges.objects.exists()


def test_the_command_hands_it_in_too(account: Account, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "ip-ranges.json"
    file.write_bytes(ranges(prefix("198.51.100.0/24")))
    call_command("aws_ranges", file, by="ops")
    call_command("aws_ranges", file)
    assert "1 networks of 2026-11-20-10-12-13" in capsys.readouterr().out
    assert AwsRanges.objects.get().set_by == "ops"
    for wrong in (tmp_path / "none", tmp_path):
        with pytest.raises(CommandError, match=str(wrong)):
            call_command("aws_ranges", wrong)


def test_the_page_takes_a_fixed_number_of_queries(
    sign_in: Client, account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in(Role.ADMIN)
    client.get("/networks/")
    for n in range(40):
        named(f"10.{n}.0.0/16", "office", account if n % 2 else None)
    with django_assert_num_queries(14):
        client.get("/networks/")
