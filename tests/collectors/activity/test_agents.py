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
        ("aws-sdk-js/3.741.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#20.1 api/iam#3.741.0 aws-cdk/2.1000.2", "cdk"),
        ("aws-sdk-js/3.741.0 ua/2.1 os/macos#23.1 api/sts#3.741.0 aws-cdk/2.1000.2", "cdk on macOS"),
        ("APN/1.0 Ansible/2.15.0 amazon.aws/6.5.0", "ansible"),
        (
            "aws-sdk-go-v2/1.32.6 upbound-provider-aws/v1.18.0 crossplane-provider-aws/v1.18.0 api/iam#1.38",
            "crossplane",
        ),
        ("aws-sdk-go/1.44.334 (go1.21; linux; amd64) crossplane-provider-aws/v0.54.0", "crossplane"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.5.5 crossplane-provider-aws/v1.2.0", "crossplane"),
        ("my-aws-cdk-wrapper/1.0", "other: my-aws-cdk-wrapper/1.0"),
        ("Ansible-like/1.0", "other: Ansible-like/1.0"),
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
