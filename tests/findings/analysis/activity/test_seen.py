"""Of what is called visible, botocore has an operation whose event we map to it; so nothing unseen is called unused."""

from __future__ import annotations

from findings.analysis.activity.event_actions import actions_of
from findings.analysis.activity.seen import NO_CALL, SERVICES, visible
from findings.analysis.unseen import unseen
from findings.policy.catalogue import Level, catalogue
from tests.findings.analysis.activity.test_event_actions import operations

C = catalogue()


def test_every_visible_action_has_a_call() -> None:
    called = {action for source, name in operations() for action in actions_of(source, name) or ()}
    assert set(C.members(visible(C))) - called == set()


def test_the_table_names_what_is_there_and_only_changing_actions_are_visible() -> None:
    assert C.check(NO_CALL) == []
    assert C.services.keys() >= set(SERVICES)
    assert visible(C) & ~(C.levels[Level.WRITE] | C.levels[Level.PERMISSIONS]) == 0
    assert visible(C) & unseen(C, by_service=False) == 0


def test_data_and_what_leaves_no_record_are_not_visible() -> None:
    for action in (
        "s3:PutObject",
        "s3:PutObjectAcl",
        "iam:PassRole",
        "dynamodb:PutItem",
        "kms:CreateGrant",
        "sqs:SendMessage",
    ):
        assert not visible(C) & C.bit(action), action
    for action in (
        "ec2:RunInstances",
        "s3:PutBucketPolicy",
        "iam:CreateRole",
        "lambda:CreateFunction",
        "dynamodb:CreateTable",
    ):
        assert visible(C) & C.bit(action), action
