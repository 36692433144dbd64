"""What takes a key's place, with the trust policy to copy, and whether the key goes quiet after it did."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import AccessKey, Account, Coverage
from findings.models import KeyReplacement
from iamdash.access.models import Role
from tests.pages.acted import acted, watch
from tests.pages.making import finding
from tests.pages.test_did import BOB, KEY_PAGE, held, section

__all__ = ["held"]  # a fixture
pytestmark = pytest.mark.django_db

OURS = ["Trust policy for an EC2 instance", "Trust policy for a task or job"]
MARK = f"{KEY_PAGE}replaced/"


def policies(client: Any) -> list[tuple[str, Any, dict[str, str]]]:
    """(title, statement, what to fill in) of all that the page offers."""
    found = client.get(KEY_PAGE).context["replacements"]
    return [(p.title, json.loads(p.text)["Statement"][0], dict(p.fill)) for one in found for p in one.policies]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ({"networks": ["192.0.2.7"]}, []),  # a person's office
        ({"networks": ["athena.amazonaws.com"]}, []),
        ({"agents": ["github-actions", "cli"]}, ["Trust policy for GitHub"]),
        ({"agents": ["other: gitlab-runner/17"]}, ["Trust policy for GitLab"]),
        ({"networks": ["203.0.113.4"]}, ["Trust policy for the CI system"]),
        ({"networks": ["10.0.0.5"]}, OURS),
        ({"networks": ["10.0.0.5"], "endpoints": ["vpce-1 of 222233334444"]}, ["Trust policy for the vendor"]),
        (
            {"networks": ["10.0.0.5"], "endpoints": [f"vpce-{n} of 222233334444" for n in "12"]},
            ["Trust policy for the vendor"],
        ),
        ({"networks": ["10.0.0.5"], "endpoints": ["vpce-1 of 222233334444", "vpce-2"]}, OURS),
        ({"networks": ["10.0.0.5"], "endpoints": ["vpce-1 of 000000000002"]}, OURS),
        ({"networks": ["100.64.1.9"]}, ["Trust policy for the vendor"]),
        ({"networks": ["8.8.8.8"]}, ["Trust policy for IAM Roles Anywhere"]),
    ],
)
def test_the_trust_policy_follows_the_evidence(
    sign_in: Any, held: Account, other_account: Account, evidence: dict[str, Any], expected: list[str]
) -> None:
    acted(held, BOB, key="AKIABOB", **{"networks": ["8.8.8.8"], **evidence})
    assert [title for title, _, _ in policies(sign_in())] == expected


def test_what_a_trust_policy_says(sign_in: Any, held: Account) -> None:
    acted(held, BOB, key="AKIABOB", networks=["8.8.8.8"], agents=["github-actions"])
    acted(held, BOB, key="AKIABOB", days=4, networks=["10.8.0.5"], endpoints=["vpce-1 of 222233334444"])
    (_, github, fill), (_, vendor, wanted) = policies(sign_in())
    assert github["Principal"]["Federated"] == (
        f"arn:aws:iam::{held.aws_id}:oidc-provider/token.actions.githubusercontent.com"
    )
    assert github["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert github["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH",
    }
    assert set(fill) == {"OWNER/REPOSITORY", "BRANCH"}
    assert vendor["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}
    assert set(wanted) == {"EXTERNAL_ID"}


def test_an_address_of_our_own_instance_is_ours_and_no_certificate_is_needed(sign_in: Any, held: Account) -> None:
    acted(held, BOB, key="AKIABOB", networks=["8.8.8.8"])
    finding(held, "KY108", subject_type="key", subject_id="AKIABOB", evidence={"by": ["address 8.8.8.8"]})
    (first, _) = [title for title, _, _ in policies(sign_in())]
    assert first == "Trust policy for an EC2 instance"


def quiet(client: Any) -> str:
    return section(client.get(KEY_PAGE), "quiet")


def marked(account: Account, days: float = 3) -> None:
    at = timezone.now() - timedelta(days=days)
    KeyReplacement.objects.create(account=account, key_id="AKIABOB", marked_by="anna", marked_at=at)


def test_an_analyst_marks_a_key_and_a_viewer_cannot(sign_in: Any, held: Account) -> None:
    viewer, analyst = sign_in(), sign_in(Role.ANALYST)
    assert "Mark as replaced" not in quiet(viewer)
    assert "Nobody said that something has taken its place" in quiet(viewer)
    assert viewer.post(MARK).status_code == 403
    assert "Mark as replaced" in quiet(analyst)
    assert analyst.get(MARK).status_code == 405
    page = analyst.post(MARK, follow=True)
    assert "Noted" in page.content.decode()
    assert KeyReplacement.objects.get().marked_by == analyst.operator.username
    assert "Mark again from now on" in quiet(analyst)


def test_a_gone_or_inactive_key_has_nothing_to_mark(sign_in: Any, held: Account) -> None:
    client = sign_in(Role.ANALYST)
    AccessKey.objects.update(active=False)
    assert "Mark as replaced" not in quiet(client)
    AccessKey.objects.update(gone_at=timezone.now(), active=True)
    assert client.post(MARK).status_code == 404
    page = client.get(KEY_PAGE).content.decode()
    assert "gone since" in page
    assert "none: it is gone" in page
    for proposed in ("<strong>Active</strong>", "What would take its place", "Does it go quiet", "delete-access-key"):
        assert proposed not in page


def test_silence_is_known_only_as_far_as_was_read(sign_in: Any, held: Account) -> None:
    client = sign_in()
    marked(held)
    Coverage.objects.update(complete_at=timezone.now() - timedelta(days=5))
    assert "unknown: since the mark neither" in quiet(client)
    Coverage.objects.update(complete_at=timezone.now() - timedelta(days=1))
    assert "No use of it since the mark" in quiet(client)
    AccessKey.objects.update(data={"use_known": False})
    assert "unknown: since the mark neither" in quiet(client)
    watch(held)
    acted(held, BOB, key="AKIABOB", days=9)
    assert "No use of it since the mark" in quiet(client)


def test_use_after_the_mark_is_told_with_its_place(sign_in: Any, held: Account) -> None:
    client = sign_in()
    marked(held, 9)
    marked(held, 3)  # the newest counts
    acted(held, BOB, key="AKIABOB", days=4, networks=["1.1.1.1"])
    watch(held)
    assert "No use of it since the mark" in quiet(client)
    AccessKey.objects.update(last_used_at=timezone.now() - timedelta(days=1))
    assert "from where, only CloudTrail would tell" in quiet(client)
    acted(held, BOB, key="AKIABOB", days=2, networks=["192.0.2.7"], agents=["terraform"])
    assert "since the mark from 192.0.2.7 (office Berlin) with terraform" in quiet(client)
