"""Trail files of real shape: services on schedules, programs that repeat themselves, people in the console, denials, data events.

The mix follows the public flaws.cloud trail: about 1,300 bytes a record, temporary keys that change by the hour, few agents.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

ACCOUNT = "123456789012"
DAY = datetime(2026, 11, 1, tzinfo=UTC)
CALLS = [
    ("ec2.amazonaws.com", "DescribeInstances", True),
    ("ec2.amazonaws.com", "DescribeVolumes", True),
    ("kms.amazonaws.com", "Decrypt", True),
    ("kms.amazonaws.com", "GenerateDataKey", True),
    ("logs.amazonaws.com", "CreateLogStream", False),
    ("sts.amazonaws.com", "GetCallerIdentity", True),
    ("s3.amazonaws.com", "GetBucketAcl", True),
    ("dynamodb.amazonaws.com", "DescribeTable", True),
    ("lambda.amazonaws.com", "GetFunction20150331v2", True),
    ("iam.amazonaws.com", "GetRole", True),
    ("ssm.amazonaws.com", "UpdateInstanceInformation", False),
    ("autoscaling.amazonaws.com", "DescribeAutoScalingGroups", True),
    ("secretsmanager.amazonaws.com", "GetSecretValue", True),
]
AGENTS = [
    "Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#5.10 md/arch#x86_64 lang/python#3.11.4 cfg/retry-mode#legacy",
    "aws-sdk-go-v2/1.17.5 os/linux lang/go/1.19.3 md/GOOS/linux md/GOARCH/amd64 api/ec2/1.93.2",
    "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) terraform-provider-aws/5.31.0 aws-sdk-go-v2/1.24.0",
    "aws-cli/2.15.4 Python/3.11.6 Linux/6.2.0 exe/x86_64.ubuntu.22 prompt/off command/s3.ls",
    "aws-sdk-java/2.20.26 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.6+10-LTS Java/17.0.6 vendor/Amazon.com_Inc. io/sync",
]


def files(number: int, events: int, seed: int = 7) -> Iterator[bytes]:
    """Compressed objects of so many events each, minutes after one another."""
    random = Random(seed)
    for n in range(number):
        at = DAY + timedelta(minutes=5 * n)
        yield gzip.compress(
            json.dumps({"Records": [event(random, at) for _ in range(events)]}, separators=(",", ":")).encode()
        )


def event(random: Random, at: datetime) -> dict[str, Any]:
    dice, at = random.random(), at + timedelta(seconds=random.randrange(300))
    n = random.randrange(120)  # which role: a program has few calls, addresses and agents
    source, name, read_only = CALLS[(n + random.randrange(5)) % len(CALLS)]
    record: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": role(random, n, at),
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": "us-east-1" if n % 4 else "eu-west-1",
        "sourceIPAddress": f"10.0.{n % 4}.{n + random.randrange(4)}",
        "userAgent": AGENTS[(n + (dice > 0.9)) % len(AGENTS)],
        "requestParameters": {"maxResults": 100, "filterSet": {"items": [{"name": "tag:team", "valueSet": {}}]}},
        "responseElements": None,
        "requestID": f"{random.getrandbits(128):032x}",
        "eventID": f"{random.getrandbits(128):032x}",
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": source},
    }  # fmt: skip
    if dice < 0.12:
        record |= assumed(random)
    elif dice < 0.27:
        record |= data(random, n)
    elif dice < 0.32:
        record |= {"errorCode": "AccessDenied", "errorMessage": f"User is not authorized to perform: {name}"}
    elif dice < 0.40:
        record["userIdentity"] = user(random)
    return record


def role(random: Random, n: int, at: datetime) -> dict[str, Any]:
    session = random.choice([f"i-{n:017x}", f"botocore-session-{int(at.timestamp()) // 900}00", "app", "GitHubActions"])
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{n:017d}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app-{n}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": f"ASIA{n:04d}{at.hour:02d}{session[:2].upper():X<10}",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROA{n:017d}",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/app-{n}",
                "accountId": ACCOUNT,
                "userName": f"app-{n}",
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": at.strftime("%Y-%m-%dT%H:00:00Z"), "mfaAuthenticated": "false"},
        },
    }


def user(random: Random) -> dict[str, Any]:
    n = random.randrange(30)
    name = f"user-{n}"
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{n:017d}",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": f"AKIA{n:016d}",
        "userName": name,
    }


def assumed(random: Random) -> dict[str, Any]:
    """A service that takes on a role, as most AssumeRole events are. Session tokens are encrypted, and so do not compress."""
    n = random.randrange(120)
    token = b64encode(random.randbytes(225)).decode()
    return {
        "userIdentity": {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "sourceIPAddress": "lambda.amazonaws.com",
        "userAgent": "lambda.amazonaws.com",
        "requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/app-{n}", "roleSessionName": "app"},
        "responseElements": {
            "credentials": {"accessKeyId": "ASIAXXXXXXXXXXXXXXXX", "sessionToken": token, "expiration": "Nov 1, 2026"},
            "assumedRoleUser": {"assumedRoleId": f"AROA{n:017d}:app", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app-{n}/app"},
        },
        "resources": [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": f"arn:aws:iam::{ACCOUNT}:role/app-{n}"}],
        "sharedEventID": f"{random.getrandbits(128):032x}",
    }  # fmt: skip


def data(random: Random, n: int) -> dict[str, Any]:
    bucket, key = f"data-{n % 20}", f"logs-{random.randrange(3)}/{random.getrandbits(64):x}.gz"
    return {
        "eventSource": "s3.amazonaws.com",
        "eventName": random.choice(["GetObject", "PutObject", "HeadObject"]),
        "eventCategory": "Data",
        "managementEvent": False,
        "requestParameters": {"bucketName": bucket, "key": key, "Host": f"{bucket}.s3.amazonaws.com"},
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
            {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ],
    }
