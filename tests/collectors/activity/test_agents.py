from __future__ import annotations

import pytest

from collectors.activity.agents import family


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (None, "none"),
        ("", "none"),
        ("aws-cli/2.15.4 Python/3.11.6 Linux/6.2.0 exe/x86_64.ubuntu.22 prompt/off command/s3.ls", "cli"),
        ("[aws-cli/1.11.58 Python/2.7.13 Linux/4.4 botocore/1.5.21]", "cli"),
        ("aws-cli/2.9 Python/3.9.11 Linux/5.10 exec-env/CloudShell exe/x86_64.amzn.2", "cloudshell"),
        ("Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#5.10", "boto3"),
        ("[Boto3/1.7.65 Python/3.6.5 Linux/4.14 Botocore/1.10.65]", "boto3"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) aws-sdk-go-v2/1.24", "terraform"),
        ("aws-sdk-go/1.44.122 (go1.19.3; linux; amd64)", "sdk-go"),
        ("aws-sdk-js/3.692.0 ua/2.1 os/linux configure-aws-credentials-for-github-actions", "github-actions"),
        ("aws-sdk-java/2.20.26 Linux/5.10", "sdk-java"),
        ("aws-internal/3 aws-sdk-java/1.11.1030 Linux/4.9", "aws-service"),
        ("S3Console/0.4, aws-internal/3 aws-sdk-java/1.11", "console"),
        ("signin.amazonaws.com", "console"),
        ("console.amazonaws.com", "console"),
        ("console.ec2.amazonaws.com", "console"),
        ("AWSConsole", "console"),
        ("cloudformation.amazonaws.com", "cloudformation"),
        ("autoscaling.amazonaws.com", "aws-service"),
        ("AWS Internal", "aws-service"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "browser"),
        ("my\x1b[31mtool\r\nX-Evil: 1", "other: my [31mtool X-Evil: 1"),
        ("x" * 5_000, "other: " + "x" * 40),
    ],
)
def test_families(agent: str | None, name: str) -> None:
    assert family(agent) == name
