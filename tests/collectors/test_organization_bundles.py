"""Bundles made by hand hold this or that of an organization. What they hold is used, what they lack is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.records import digest
from findings.analysis import ceiling
from findings.analysis.facts import Facts
from findings.analysis.guardrails import Guardrails
from findings.analysis.organization_tree import tree
from findings.policy.document import Document, Unreadable
from findings.rules import registry
from findings.vocabulary import Status
from tests.collectors.bundles import GAAD, details, read, role, states

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
OWN, MANAGING, OTHER = "000000000001", "000000000009", "000000000002"
ROOT, PROD, PAYMENTS = "r-ab12", "ou-ab12-11111111", "ou-ab12-22222222"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
FULL_ID, FULL_RCP, GUARD = "p-FullAWSAccess", "p-RCPFullAWSAccess", "p-guard"
Files = dict[str, Any]


def lines(*pairs: tuple[dict[str, Any], Any]) -> str:
    return "".join(json.dumps({"Request": request, "Response": response}) + "\n" for request, response in pairs)


def arn(what: str) -> str:
    return f"arn:aws:organizations::{MANAGING}:{what}"


def policy(unique_id: str, kind: str = SCP) -> dict[str, Any]:
    managed = unique_id in {FULL_ID, FULL_RCP}
    return {
        "Id": unique_id, "Arn": arn(f"policy/o-1/{kind.lower()}/{unique_id}"), "Name": unique_id.removeprefix("p-"),
        "Type": kind, "AwsManaged": managed, "Description": "",
    }  # fmt: skip


def unit(unique_id: str, name: str) -> dict[str, Any]:
    return {"Id": unique_id, "Arn": arn(f"ou/o-1/{unique_id}"), "Name": name}


def account(unique_id: str) -> dict[str, Any]:
    return {"Id": unique_id, "Arn": arn(f"account/o-1/{unique_id}"), "Name": "an account", "State": "ACTIVE"}


def content(unique_id: str, body: Any) -> tuple[dict[str, Any], Any]:
    return {"PolicyId": unique_id}, {"Policy": {"PolicySummary": policy(unique_id), "Content": json.dumps(body)}}


def on(target: str, *ids: str, kind: str = SCP) -> tuple[dict[str, Any], Any]:
    return {"TargetId": target, "Filter": kind}, {"Policies": [policy(one, kind) for one in ids]}


def to(unique_id: str, *targets: str) -> tuple[dict[str, Any], Any]:
    found = [{"TargetId": one, "Arn": "arn", "Name": "n", "Type": "ACCOUNT"} for one in targets]
    return {"PolicyId": unique_id}, {"Targets": found}


def under(parent: str, **children: list[dict[str, Any]]) -> tuple[dict[str, Any], Any]:
    return {"ParentId": parent}, children


def above(child: str, parent: str) -> tuple[dict[str, Any], Any]:
    kind = "ROOT" if parent.startswith("r-") else "ORGANIZATIONAL_UNIT"
    return {"ChildId": child}, {"Parents": [{"Id": parent, "Type": kind}]}


def roots(*kinds: str) -> Files:
    types = [{"Type": kind, "Status": "ENABLED"} for kind in kinds]
    return {"Roots": [{"Id": ROOT, "Arn": arn(f"root/o-1/{ROOT}"), "Name": "Root", "PolicyTypes": types}]}


NODES = (ROOT, PROD, PAYMENTS, OWN)
ABOUT: Files = {"account.json": {"AccountId": OWN, "CollectedAt": "2026-11-01T00:00:00Z"}, GAAD: details(role())}
DESCRIBED: Files = {
    "organizations.describe-organization.json": {
        "Organization": {"Id": "o-1", "MasterAccountId": MANAGING, "FeatureSet": "ALL"}
    }
}
TREE: Files = {
    "organizations.list-roots.json": roots(SCP),
    "organizations.list-organizational-units-for-parent.jsonl": lines(
        under(ROOT, OrganizationalUnits=[unit(PROD, "prod")]),
        under(PROD, OrganizationalUnits=[unit(PAYMENTS, "payments")]),
        under(PAYMENTS, OrganizationalUnits=[]),
    ),
    "organizations.list-accounts-for-parent.jsonl": lines(
        under(ROOT, Accounts=[account(MANAGING)]),
        under(PROD, Accounts=[account(OTHER)]),
        under(PAYMENTS, Accounts=[account(OWN)]),
    ),
    "organizations.list-accounts.json": {"Accounts": [account(MANAGING), account(OTHER), account(OWN)]},
}
POLICIES: Files = {
    "organizations.list-policies.jsonl": lines(({"Filter": SCP}, {"Policies": [policy(FULL_ID), policy(GUARD)]})),
    "organizations.describe-policy.jsonl": lines(content(GUARD, DENY)),
}
BY_POLICY: Files = {
    "organizations.list-targets-for-policy.jsonl": lines(to(FULL_ID, *NODES, OTHER, MANAGING), to(GUARD, PROD))
}
BY_TARGET: Files = {
    "organizations.list-policies-for-target.jsonl": lines(
        on(ROOT, FULL_ID), on(PROD, FULL_ID, GUARD), on(PAYMENTS, FULL_ID), on(OWN, FULL_ID)
    )
}
PARENTS: Files = {
    "organizations.list-parents.jsonl": lines(above(OWN, PAYMENTS), above(PAYMENTS, PROD), above(PROD, ROOT))
}
EXPECTED = [("Root", ["FullAWSAccess"]), ("prod", ["FullAWSAccess", "guard"]), ("payments", ["FullAWSAccess"]),
            (OWN, ["FullAWSAccess"])]  # fmt: skip


def facts(folder: Path, *parts: Files, **more: Any) -> Facts:
    files = {name: body for part in (ABOUT, *parts, more) for name, body in part.items()}
    return Facts(read(folder, files).snapshot())


def scps(found: Guardrails) -> list[tuple[str, list[str]]]:
    assert found.scp is not None, found.unseen
    return [(level.name.partition(" (")[0], [p.name for p in level.policies]) for level in found.scp]


def test_a_whole_tree_gives_levels_and_members(tmp_path: Path) -> None:
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY)
    assert scps(told.guardrails) == EXPECTED
    assert (told.guardrails.rcp, told.guardrails.unseen) == ((), "")
    assert told.guardrails.members == {OWN, OTHER, MANAGING}
    assert (told.inside(OTHER), told.inside("999999999999"), told.zone_known) == (True, False, True)
    assert told.guardrails.scp is not None
    documents = [told.document(p.document) for p in told.guardrails.scp[1].policies]
    assert all(isinstance(document, Document) for document in documents)  # AWS's own is known without its file


@pytest.mark.parametrize(
    "parts",
    [
        (DESCRIBED, TREE, POLICIES, BY_TARGET),
        (TREE, POLICIES, BY_TARGET),
        (DESCRIBED, TREE, BY_TARGET),
    ],
)
def test_attachments_may_be_told_by_what_they_are_attached_to(tmp_path: Path, parts: tuple[Files, ...]) -> None:
    told = facts(tmp_path, *parts)
    assert scps(told.guardrails) == EXPECTED
    assert told.guardrails.organization_id == "o-1"


def test_a_member_that_knows_only_its_own_way_up_has_levels(tmp_path: Path) -> None:
    told = facts(tmp_path, DESCRIBED, PARENTS, BY_TARGET, POLICIES)
    assert [names for _, names in scps(told.guardrails)] == [names for _, names in EXPECTED]
    assert told.guardrails.scp is not None
    assert [level.id for level in told.guardrails.scp] == list(NODES)
    assert told.guardrails.members is None
    assert told.guardrails.rcp is None  # nobody said whether they are enabled
    assert "RCPs are not visible: what is attached to Root was not read" in told.guardrails.unseen


def test_rcps_are_read_alike(tmp_path: Path) -> None:
    both = lines(
        ({"Filter": SCP}, {"Policies": [policy(FULL_ID)]}), ({"Filter": RCP}, {"Policies": [policy(FULL_RCP, RCP)]})
    )
    attached = lines(to(FULL_ID, *NODES), to(FULL_RCP, *NODES))
    files = {
        "organizations.list-roots.json": roots(SCP, RCP),
        "organizations.list-policies.jsonl": both,
        "organizations.list-targets-for-policy.jsonl": attached,
    }
    found = facts(tmp_path, DESCRIBED, TREE, files).guardrails
    assert [len(level.policies) for level in found.rcp or ()] == [1, 1, 1, 1]
    assert (scps(found)[0], found.unseen) == (("Root", ["FullAWSAccess"]), "")


def test_a_list_of_policies_without_its_request_is_that_of_scps(tmp_path: Path) -> None:
    files = {
        "organizations.list-roots.json": roots(SCP, RCP),
        "organizations.list-policies.json": {"Policies": [policy(FULL_ID), policy(GUARD)]},
    }
    found = facts(tmp_path, DESCRIBED, TREE, BY_POLICY, files).guardrails
    assert scps(found) == EXPECTED
    assert (found.rcp, "RCPs are not visible: what is attached" in found.unseen) == (None, True)
    kinds = [policy(FULL_ID), policy(GUARD), policy(FULL_RCP, RCP)]
    both = {**files, "organizations.list-policies.json": {"Policies": kinds}}
    both["organizations.list-targets-for-policy.jsonl"] = lines(to(FULL_ID, *NODES), to(GUARD), to(FULL_RCP, *NODES))
    assert len(facts(tmp_path / "both", DESCRIBED, TREE, both).guardrails.rcp or ()) == 4


WITHOUT_LINES = {"organizations.list-targets-for-policy.jsonl": lines(to(FULL_ID, *NODES))}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((), "organizations.describe-organization.json is not in the bundle"),
        ((DESCRIBED,), "organizations.list-accounts.json is not in the bundle"),
        ((DESCRIBED, TREE), "organizations.list-policies.jsonl is not in the bundle"),
        ((DESCRIBED, TREE, POLICIES), "organizations.list-targets-for-policy.jsonl is not in the bundle"),
        ((DESCRIBED, TREE, POLICIES, WITHOUT_LINES), "what is attached to Root was not read"),
        ((DESCRIBED, POLICIES, BY_POLICY), "where account 000000000001 is in the tree was not read"),
        (
            (DESCRIBED, TREE, BY_TARGET, {"organizations.list-policies-for-target.jsonl": lines(on(PROD, GUARD))}),
            "what is attached to Root was not read",
        ),
        (
            (DESCRIBED, BY_TARGET, {"organizations.list-parents.jsonl": lines(above(OWN, PAYMENTS))}),
            "what is above ou-ab12-22222222 was not read",
        ),
    ],
)
def test_what_a_bundle_lacks_is_not_visible(tmp_path: Path, parts: tuple[Files, ...], reason: str) -> None:
    found = facts(tmp_path, *parts).guardrails
    assert (found.scp, found.organization_id) == (None, "o-1" if parts else None)
    assert reason in found.unseen


def test_a_level_that_was_read_and_is_empty_stays(tmp_path: Path) -> None:
    files = {"organizations.list-policies-for-target.jsonl": lines(*(on(node) for node in NODES))}
    assert [names for _, names in scps(facts(tmp_path, DESCRIBED, TREE, files).guardrails)] == [[], [], [], []]


def test_a_document_that_is_missing_is_unreadable(tmp_path: Path) -> None:
    files = {"organizations.describe-policy.jsonl": lines(content("p-other", DENY))}
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, files)
    assert scps(told.guardrails) == EXPECTED
    assert told.guardrails.scp is not None
    found = {p.name: told.document(p.document) for p in told.guardrails.scp[1].policies}
    assert isinstance(found["guard"], Unreadable)
    assert isinstance(found["FullAWSAccess"], Document)


def test_a_document_of_aws_in_the_bundle_stands(tmp_path: Path) -> None:
    files = {"organizations.describe-policy.jsonl": lines(content(GUARD, DENY), content(FULL_ID, DENY))}
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, files)
    assert told.guardrails.scp is not None
    assert {p.document for p in told.guardrails.scp[0].policies} == {digest(DENY)}


def test_aws_s_own_policy_needs_no_line(tmp_path: Path) -> None:
    files = {"organizations.describe-policy.jsonl": lines(content(GUARD, DENY))}
    found = read(tmp_path, {**DESCRIBED, **TREE, **POLICIES, **BY_POLICY, **files})
    assert not [text for text in found.complaints if "describe-policy" in text]


def test_the_management_account_is_bound_by_nothing(tmp_path: Path) -> None:
    own = {"account.json": {"AccountId": MANAGING}, GAAD: details()}
    for n, parts in enumerate(((DESCRIBED, TREE, POLICIES, BY_POLICY), (TREE,))):
        found = facts(tmp_path / str(n), *parts, own).guardrails
        assert (found.scp, found.rcp, found.unseen, found.management) == ((), (), "", True)


def test_no_organization_is_an_answer(tmp_path: Path) -> None:
    refused = {"Error": {"Code": "AWSOrganizationsNotInUseException", "Message": "Your account is not a member."}}
    told = facts(tmp_path, {"organizations.describe-organization.json": refused})
    assert (told.guardrails.scp, told.guardrails.rcp, told.guardrails.unseen) == ((), (), "")
    assert (told.inside(OTHER), told.zone_known) == (False, True)


def test_a_member_that_was_refused_names_the_management_account(tmp_path: Path) -> None:
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "You don't have permissions."}}
    found = facts(tmp_path, DESCRIBED, {"organizations.list-roots.json": refused}).guardrails
    assert found.scp is None
    assert "connect its management account 000000000009" in found.unseen


def test_a_list_of_accounts_alone_tells_who_is_inside(tmp_path: Path) -> None:
    told = facts(tmp_path, DESCRIBED, {"organizations.list-accounts.json": TREE["organizations.list-accounts.json"]})
    assert (told.inside(OTHER), told.inside("999999999999"), told.zone_known) == (True, False, True)
    assert told.guardrails.scp is None


def test_what_is_kept_of_a_bundle_is_not_called_whole(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    files = {name: body for part in (ABOUT, DESCRIBED, PARENTS, BY_TARGET) for name, body in part.items()}
    found = states(read(tmp_path / "b", files))
    asked = {api: state for api, state in found.items() if api.startswith("organizations:")}
    assert asked.pop("organizations:DescribeOrganization") == "complete"
    assert set(asked.values()) == {"absent"}


def test_a_broken_answer_beside_the_tree_costs_nothing_else(tmp_path: Path) -> None:
    broken = lines(({"ChildId": OWN}, {"Parents": [{"Type": "ROOT"}]}), ({"ChildId": 7}, {"Parents": "x"})) + "{"
    files = {"organizations.list-parents.jsonl": broken, "organizations.list-policies-for-target.jsonl": "[]"}
    assert scps(facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, files).guardrails) == EXPECTED


# -- what is not as AWS has it, or newer than what we know: from the files to the sentence

NEWER = [
    {**DENY, "Version": "2031-01-01"},
    {**DENY, "Scope": "everywhere"},
    {**DENY, "Statement": [{**DENY["Statement"][0], "Unless": {"Bool": {"aws:Emergency": "true"}}}]},
    {**DENY, "Statement": [{**DENY["Statement"][0], "Effect": "Ask"}]},
    {**DENY, "Statement": [{**DENY["Statement"][0], "NotPrincipal": {"AWS": "arn:aws:iam::000000000001:role/x"}}]},
    "no policy at all",
]


@pytest.mark.parametrize("body", NEWER)
def test_an_scp_in_a_language_newer_than_ours_is_unknown_and_not_absent(tmp_path: Path, body: Any) -> None:
    files = {"organizations.describe-policy.jsonl": lines(content(GUARD, body))}
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, files)
    assert scps(told.guardrails) == EXPECTED
    entries = [registry.catalogue()[code] for code in ("GR104", "GR106")]
    assert [(v.status, v.reason) for v in registry.judge(told, entries)] == [
        (Status.UNKNOWN, "SCP guard could not be read")
    ] * 2
    assert ceiling.gap(told, [("iam:CreateUser", "*")]).unsure == ("iam:CreateUser",)


def units(*pairs: tuple[str, tuple[str, ...]]) -> Files:
    found = (under(parent, OrganizationalUnits=[unit(one, "prod") for one in ids]) for parent, ids in pairs)
    return {"organizations.list-organizational-units-for-parent.jsonl": lines(*found)}


OTHERS: Files = {"organizations.describe-organization.json": {"Organization": {"Id": "o-2", "MasterAccountId": OTHER}}}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (units((ROOT, ()), (PROD, (PAYMENTS,)), (PAYMENTS, (PROD,))), "the tree goes in a circle at ou-ab12-"),
        (units((ROOT, ()), (PROD, (PAYMENTS,)), (PAYMENTS, ())), "what is above ou-ab12-11111111 was not read"),
        (OTHERS, f"{OWN} was read of organization o-1, and the account is in o-2"),
    ],
)
def test_a_tree_that_cannot_be_is_told_and_nothing_is_guessed(tmp_path: Path, files: Files, reason: str) -> None:
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, files)
    assert told.guardrails.scp is None
    assert reason in told.guardrails.unseen
    (verdict,) = registry.judge(told, [registry.catalogue()["GR104"]])
    assert (verdict.status, reason in verdict.reason) == (Status.UNKNOWN, True)
    assert any(reason in node.scp.why for node in tree(told).nodes)


def test_members_of_an_organization_that_was_left_are_not_inside(tmp_path: Path) -> None:
    told = facts(tmp_path, DESCRIBED, TREE, POLICIES, BY_POLICY, OTHERS)
    assert (told.guardrails.members, told.inside(MANAGING)) == (None, False)


def tagged(*accounts: str) -> Files:
    found = (({"ResourceId": one}, {"Tags": [{"Key": "owner", "Value": one}]}) for one in accounts)
    return {"organizations.list-tags-for-resource.jsonl": lines(*found)}


@pytest.mark.parametrize(
    ("files", "expected", "state"),
    [
        ({}, set(), "absent"),
        (tagged(OWN, OTHER), {OWN, OTHER}, "partial"),
        (tagged(OWN, OTHER, MANAGING), {OWN, OTHER, MANAGING}, "complete"),
    ],
)
def test_tags_of_accounts_stand_one_a_line(tmp_path: Path, files: Files, expected: set[str], state: str) -> None:
    bundle = read(tmp_path / "b", {**ABOUT, **DESCRIBED, **TREE, **files})
    found = {one.unique_id: one.tags for one in bundle.snapshot().organization_accounts}
    assert {one for one, tags in found.items() if tags == {"owner": one}} == expected
    assert {tags is None for one, tags in found.items() if one not in expected} <= {True}
    assert states(bundle)["organizations:ListTagsForResource"] == state


def test_delegates_stand_with_their_services(tmp_path: Path) -> None:
    delegates = {"DelegatedAdministrators": [account(OTHER)]}
    services = lines(({"AccountId": OTHER}, {"DelegatedServices": [{"ServicePrincipal": "sso.amazonaws.com"}]}))
    files = {
        "organizations.list-delegated-administrators.json": delegates,
        "organizations.list-delegated-services-for-account.jsonl": services,
        "organizations.describe-resource-policy.json": {"Error": {"Code": "ResourcePolicyNotFoundException"}},
    }
    told = facts(tmp_path, DESCRIBED, TREE, files)
    assert [(one.unique_id, one.services) for one in told.snapshot.organization_delegates] == [
        (OTHER, ("sso.amazonaws.com",))
    ]
    assert (told.told.delegation, told.told.trusted_services) == ("", None)
