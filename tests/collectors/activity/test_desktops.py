"""Agents that tell of a person's desk: findings/analysis/activity/signs.py reads the word behind the family."""

from __future__ import annotations

import pytest

from collectors.activity.agents import family


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("aws-cli/2.22.0 md/awscrt#0.23 ua/2.0 os/linux#6.2 md/arch#x86_64", "cli"),
        ("aws-sdk-go/1.44.122 (go1.19.3; linux; amd64)", "sdk-go"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "browser"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "browser"),
        ("my Darwin/tool", "other: my Darwin/tool"),
        ("aws-cli/2.22.0 md/awscrt#0.23 ua/2.0 os/macos#23.6.0 md/arch#arm64", "cli on macOS"),
        ("aws-cli/2.7.1 Python/3.9.11 Darwin/21.4.0 exe/x86_64 prompt/off", "cli on macOS"),
        ("aws-cli/2.7.1 Python/3.9.11 Windows/10 exe/AMD64 prompt/off", "cli on Windows"),
        ("Boto3/1.34 md/Botocore#1.34 ua/2.0 os/macos#23.6.0", "boto3 on macOS"),
        ("aws-sdk-java/1.12 Mac_OS_X/13.4 OpenJDK", "sdk-java on macOS"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44 (go1.20; darwin; arm64)", "terraform on macOS"),
    ],
)
def test_the_desk_is_told_behind_the_family(agent: str, name: str) -> None:
    assert family(agent) == name
