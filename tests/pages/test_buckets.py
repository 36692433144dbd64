"""Who read and wrote a bucket, when and from where, and what is not known of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings

from collectors.models import Account, UsageLast, UsageResource
from findings.policy.catalogue import catalogue
from iamdash.pages.resources import READ, SETTINGS, WRITTEN, bucket, of_objects
from tests.builders import role, user
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, changed, named, said, used, watch
from tests.pages.test_acts import names

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, BOB = role("app"), user("bob")
PAGE = "/activity/buckets/?bucket=logs"


@pytest.fixture
def here(account: Account) -> Account:
    put(account, APP, BOB)
    watch(account)
    named(account, BOB, "s3 PutBucketPolicy", "arn:aws:s3:::logs", days=5)
    named(account, APP, "s3 GetObject", "arn:aws:s3:::logs-of-others/2026/*")
    return account


def test_without_data_events_nobody_is_said_to_have_read_and_the_change_is_told(
    sign_in: Client, here: Account, settings: LazySettings
) -> None:
    settings.TRAIL_BUCKET = "the-trail"
    response = sign_in().get(PAGE)
    page = said(response)
    assert names(response) == ["bob PutBucketPolicy"]
    assert "Who read and wrote its objects is not known" in page
    assert "trailList[?S3BucketName=='the-trail']" in page
    assert "put-event-selectors --trail-name TRAIL" in page
    assert "/who-can/?action=s3%3AGetObject&amp;resource=arn%3Aaws%3As3%3A%3A%3Alogs%2F%2A" in response.content.decode()


def test_the_trail_to_change_is_named_where_events_named_one(sign_in: Client, here: Account) -> None:
    changed(here, BOB, "PutEventSelectors", "trail", "org-trail", source="cloudtrail.amazonaws.com")
    assert "put-event-selectors --trail-name org-trail" in said(sign_in().get(PAGE))
    changed(here, BOB, "StopLogging", "trail", "x; rm -rf /", source="cloudtrail.amazonaws.com", days=4)
    assert "rm -rf" not in said(sign_in().get(PAGE))


def test_the_command_keeps_management_events_and_adds_the_buckets_objects(here: Account) -> None:
    (*_, command) = bucket("logs", UsageResource.objects.none(), Account.objects.all()).commands.splitlines()
    words = shlex.split(command)
    assert words[:3] == ["aws", "cloudtrail", "put-event-selectors"]
    management, objects = json.loads(words[-1])
    assert management["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    assert {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::logs/"]} in objects["FieldSelectors"]


@pytest.mark.parametrize("name", ["a'; rm -rf /;'", "$(id)", "a/b", "%0a", "x" * 256, ""])
def test_what_is_no_name_of_a_bucket_is_none(sign_in: Client, here: Account, name: str) -> None:
    response = sign_in().get("/activity/buckets/", {"bucket": name})
    assert response.context["bucket"] is None
    assert "aws cloudtrail" not in said(response)


def test_who_read_and_wrote_and_from_where_they_act(sign_in: Client, here: Account) -> None:
    named(here, APP, "s3 GetObject", "arn:aws:s3:::logs/2026/*", days=2, n=40, denied=3)
    named(here, BOB, "s3 PutObject", "arn:aws:s3:::logs/*", days=1)
    acted(here, APP, "i-1", days=2, networks=["198.51.100.5"])
    client = sign_in()
    response = client.get(PAGE)
    assert names(response) == ["bob PutObject", "app GetObject", "bob PutBucketPolicy"]
    page = said(response)
    assert "198.51.100.5" in page
    assert "no session was seen" in page
    assert "40 3 denied" in page
    assert "Reads or writes of its objects were seen since 2 d ago" in page
    assert "put-event-selectors" not in page
    tabs = {"read": ["app GetObject"], "written": ["bob PutObject"], "settings": ["bob PutBucketPolicy"]}
    for tab, expected in tabs.items():
        assert names(client.get(f"{PAGE}&tab={tab}")) == expected


def test_a_bucket_that_nobody_named_is_not_said_to_be_left_alone(sign_in: Client, here: Account) -> None:
    page = said(sign_in().get("/activity/buckets/?bucket=nobodys"))
    assert "No call that named this bucket was seen" in page
    assert "Who read and wrote its objects is not known" in page


def test_who_named_more_than_is_kept_may_have_touched_it(sign_in: Client, here: Account) -> None:
    used(here, APP, "s3 GetObject")
    used(here, APP, "kms Decrypt")
    UsageLast.objects.filter(event__name="Decrypt").update(resources_cut=True)
    assert "more buckets and keys than are kept" not in said(sign_in().get(PAGE))
    UsageLast.objects.update(resources_cut=True)
    assert "1 principal named more buckets and keys than are kept" in said(sign_in().get(PAGE))


def test_a_resource_leads_to_its_bucket(sign_in: Client, here: Account) -> None:
    html = sign_in().get("/activity/resources/").content.decode()
    assert 'href="/activity/buckets/?bucket=logs"' in html
    assert 'href="/activity/buckets/?bucket=logs-of-others"' in html


def test_nothing_of_other_accounts(sign_in: Client, here: Account, other_account: Account) -> None:
    changed(here, BOB, "PutEventSelectors", "trail", "org-trail", source="cloudtrail.amazonaws.com")
    response = sign_in(accounts=[other_account]).get(PAGE)
    assert names(response) == []
    assert "org-trail" not in said(response)


def test_each_of_s3s_actions_is_in_one_tab_by_its_level() -> None:
    assert {"GetObject", "HeadObject", "ListObjects", "GetBucketPolicy"} <= set(READ)
    assert {"PutObject", "DeleteObjects", "CompleteMultipartUpload", "CopyObject"} <= set(WRITTEN)
    assert {"PutBucketPolicy", "PutObjectAcl", "CreateBucket", "PutBucketVersioning"} <= set(SETTINGS)
    assert not set(WRITTEN) & set(SETTINGS)
    assert "ListObjects" not in of_objects(READ)
    assert "GetObject" in of_objects(READ)
    assert catalogue().knows("s3:PutBucketPolicy")
