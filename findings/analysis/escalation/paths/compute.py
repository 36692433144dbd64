"""EC2 instances, and the ways into a running one. Only a role in an instance profile can be on an instance."""

from __future__ import annotations

from findings.analysis.escalation.forms import (
    INSTANCE,
    LAUNCH_TEMPLATE,
    SHELL_DOCUMENT,
    SPOT_REQUEST,
    passing,
    taking_over,
)

PATHS = (
    passing("ec2-001", "ec2", "starts an instance that carries {target}", ("ec2:RunInstances", INSTANCE)),
    passing(
        "ec2-003", "ec2", "asks for a spot instance that carries {target}", ("ec2:RequestSpotInstances", SPOT_REQUEST)
    ),
    taking_over(
        "ec2-002",
        "ec2",
        "rewrites the start script of an instance that carries {target}",
        ("ec2:ModifyInstanceAttribute", INSTANCE),
        ("ec2:StopInstances", INSTANCE),
        ("ec2:StartInstances", INSTANCE),
    ),
    taking_over(
        "ec2-004",
        "ec2",
        "rewrites a launch template of instances that carry {target}",
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE),
        ("ec2:ModifyLaunchTemplate", LAUNCH_TEMPLATE),
    ),
    taking_over(
        "ec2instanceconnect-003",
        "ec2",
        "puts its SSH key on an instance that carries {target}",
        ("ec2-instance-connect:SendSSHPublicKey", INSTANCE),
        ("ec2:DescribeInstances", "*"),
    ),
    taking_over(
        "ssm-001", "ec2", "opens a session on an instance that carries {target}", ("ssm:StartSession", INSTANCE)
    ),
    taking_over(
        "ssm-002",
        "ec2",
        "runs commands on an instance that carries {target}",
        ("ssm:SendCommand", INSTANCE),
        ("ssm:SendCommand", SHELL_DOCUMENT),
    ),
)
