"""Where calls come from and by what: addresses of the examples' networks (RFC 5737, 3849), user agents of real tools.

192.0.2.0/24 is AWS's and the data centre's, 203.0.113.0/24 people's, 198.51.100.0/24 everybody else's.
"""

from random import Random
from zlib import crc32

OFFICE, VPN = "203.0.113.10", "203.0.113.66"
VENDOR = "198.51.100.240"
RUNNERS = tuple(f"198.51.100.{n}" for n in range(130, 160))
VPS = "198.51.100.77"
PRIVATE = "10."

BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
CLI_ON_MAC = (
    "aws-cli/2.19.1 md/awscrt#0.22.0 ua/2.0 os/macos#24.1.0 md/arch#arm64 lang/python#3.12.6 md/pyimpl#CPython"
    " cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#sts.assume-role"
)
CLI_ON_LINUX = (
    "aws-cli/2.19.1 md/awscrt#0.22.0 ua/2.0 os/linux#6.1.112 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython"
    " cfg/retry-mode#standard md/installer#exe md/distrib#ubuntu.22 md/prompt#off md/command#s3.cp"
)
BOTO3 = "Boto3/1.35.60 md/Botocore#1.35.60 ua/2.0 os/linux#6.1.112 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython"
IN_LAMBDA = f"{BOTO3} exec-env/AWS_Lambda_python3.12"
JAVA = "aws-sdk-java/2.29.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.112 lang/java#21.0.5 exec-env/AWS_ECS_FARGATE"
PHP = "aws-sdk-php/3.325.3 ua/2.1 OS/Linux#6.1.112 lang/php#8.3.13 GuzzleHttp/7"
GO = "aws-sdk-go-v2/1.32.4 ua/2.1 os/linux lang/go#1.23.2 md/GOARCH#amd64 md/GOOS#linux"
TERRAFORM = f"APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.76.0 {GO}"
FROM_GITHUB = (
    "aws-sdk-js/3.692.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#20.18.0 configure-aws-credentials-for-github-actions"
)
SSM_AGENT = "aws-sdk-go/1.55.5 (go1.22.8; linux; amd64) amazon-ssm-agent/3.3.987.0"

PROGRAMS = {"lambda": IN_LAMBDA, "ecs-tasks": JAVA, "ec2": SSM_AGENT, "codebuild": CLI_ON_LINUX, "batch": BOTO3}


def home(person: str) -> str:
    """A line at home; the office has one address for all."""
    return f"2001:db8:{crc32(person.encode()) % 0xFFFF:x}::2"


def of_person(person: str) -> str:
    """From where a person signs in: always the same."""
    return (OFFICE, VPN, home(person))[crc32(person.encode()) % 3]


def data_centre(program: str) -> str:
    return f"192.0.2.{200 + crc32(program.encode()) % 50}"


def egress(index: int, chance: Random) -> str:
    """One of three NAT gateways of an account's network."""
    return f"192.0.2.{1 + (index * 3 + chance.randrange(3)) % 190}"


def private(chance: Random) -> str:
    """Of an instance whose calls go through a VPC endpoint."""
    return f"{PRIVATE}0.{chance.randrange(4)}.{chance.randrange(10, 250)}"
