"""User agents -> families. The text is chosen by who calls: it is evidence, never proof."""

from __future__ import annotations

import re
from functools import lru_cache

from collectors.activity.texts import tidy

CONSOLE, BROWSER, CLI, CLOUDSHELL, SERVICE, NONE = "console", "browser", "cli", "cloudshell", "aws-service", "none"
TERRAFORM, CLOUDFORMATION, BOTO3 = "terraform", "cloudformation", "boto3"
GITHUB = "github-actions"  # AWS's own action for pipelines says so of itself
HEAD = 40  # characters that are kept of what no family fits

CDK, ANSIBLE, CROSSPLANE = "cdk", "ansible", "crossplane"

# In this order: Terraform, say, names the SDK that it is made of as well, and Crossplane the provider of Terraform that it calls.
# "crossplane-provider-aws/v1.2": internal/clients/provider_config.go of crossplane-contrib/provider-upjet-aws (which says
# upbound-provider-aws before) and pkg/utils/connect/aws/config.go of its provider-aws. "aws-cdk/2.1":
# packages/aws-cdk/lib/api/aws-auth/user-agent.ts of aws/aws-cdk, beside the SDK's. "APN/1.0 Ansible/2.15 amazon.aws/6.0":
# plugins/module_utils/botocore.py of ansible-collections/amazon.aws, in place of Boto3's.
FAMILIES = tuple(
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"exec-env/CloudShell", CLOUDSHELL),
        (r"configure-aws-credentials-for-github-actions", GITHUB),
        (r"\b(?:crossplane|upbound)-provider-aws/", CROSSPLANE),
        (r"\bterraform[/-]|HashiCorp Terraform|opentofu", TERRAFORM),
        (r"\bpulumi\b", "pulumi"),
        (r"\baws-cdk/", CDK),
        (r"\bAnsible/", ANSIBLE),
        (r"^cloudformation\.amazonaws\.com", CLOUDFORMATION),
        (
            r"^(?:signin|(?:[a-z0-9-]+\.)?console(?:\.[a-z0-9-]+)*)\.(?:aws\.)?amazon(?:aws)?\.com|^S3Console|^AWS[ -]?Console",
            CONSOLE,
        ),
        (r"^Mozilla/|^Opera/", BROWSER),
        (r"^aws-cli/", CLI),
        (r"^(?:aws-tools-)?AWSPowerShell|^AWS-?PowerShell", "powershell"),
        (r"^Boto3?/|^Botocore/", BOTO3),
        (r"^aws-internal|^AWS Internal|^Coral/|[.]amazonaws\.com(?:\.cn)?$|^[a-z0-9.-]+\.amazonaws\.com\b", SERVICE),
        (r"aws-sdk-go", "sdk-go"),
        (r"aws-sdk-(?:java|kotlin|android)", "sdk-java"),
        (r"aws-sdk-(?:js|nodejs)", "sdk-js"),
        (r"aws-sdk-php", "sdk-php"),
        (r"aws-sdk-ruby", "sdk-ruby"),
        (r"aws-sdk-dotnet", "sdk-dotnet"),
        (r"aws-sdk-(?:rust|cpp|c\+\+|swift|ios)", "sdk-native"),
    )
)

# What people have on their desks, as SDKs name it: "os/macos#23.1", "Darwin/23.1", "Mac_OS_X/14.1", "(go1.21; darwin; arm64)".
DESKTOPS = (
    (re.compile(r"\bos/macos|\bDarwin/|\bMac_OS_X/|; ?darwin;", re.IGNORECASE), "macOS"),
    (re.compile(r"\bos/windows|\bWindows(?:_\w+)?/|; ?windows;", re.IGNORECASE), "Windows"),
)
EVERYWHERE = frozenset({CONSOLE, BROWSER, CLOUDSHELL, SERVICE})  # where the desk tells nothing more


@lru_cache(20_000)
def family(agent: str | None) -> str:
    """One of the families above, with " on macOS" or " on Windows" where a tool says so; "none" where there is no agent, or
    "other: " and the beginning of the text."""
    text = tidy(agent or "", 600).strip(" []")
    if not text:
        return NONE
    found = next((name for pattern, name in FAMILIES if pattern.search(text)), "")
    if not found or found in EVERYWHERE:
        return found or f"other: {text[:HEAD]}"
    desk = next((name for pattern, name in DESKTOPS if pattern.search(text)), "")
    return f"{found} on {desk}" if desk else found
