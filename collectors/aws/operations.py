"""The names of actions as botocore has them, which is ahead of the catalogue: an operation is mostly an action of its name.

Two tables say where it is not, each line with its reason; a third names the IAM prefix of services that do not tell it.
Beyond them the names decide: of an IAM prefix under which fewer than half of the operations are known actions, none is
added, because such a service names its actions otherwise (API Gateway: its verbs; Budgets: ViewBudget, ModifyBudget).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

import botocore
import msgspec

VERSION = f"botocore {botocore.__version__}"

# The prefix is neither the service's signing name nor its endpoint's, nor the folder of its model.
PREFIXES = {
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
}

# Services of which no operation is an action of that name, though their prefix has many that are.
NOT_ACTIONS_OF = {
    "cloudhsm": "CloudHSM Classic, no longer to be had; CloudHSM has the same prefix",
    "s3": "HeadObject is s3:GetObject, ListObjectsV2 is s3:ListBucket, PutBucketCors is s3:PutBucketCORS ...",
    "s3control": "PutBucketLifecycleConfiguration is s3-outposts:PutLifecycleConfiguration ...",
    "sso": "called with an access token of Identity Center, not with a signature",
    "sso-oidc": "called by anybody, before there are credentials",
}

# Operations that ask for an action of another name.
NOT_ACTIONS = {
    "accessanalyzer": {"GetFindingV2": "GetFinding", "ListFindingsV2": "ListFindings"},
    "bedrock-agent-runtime": {"RetrieveAndGenerateStream": "RetrieveAndGenerate"},
    "bedrock-runtime": {
        "Converse": "InvokeModel",
        "ConverseStream": "InvokeModelWithResponseStream",
        "InvokeModelWithBidirectionalStream": "InvokeModel",
        "StartAsyncInvoke": "InvokeModel",
    },
    "cloudfront": {"CreateDistributionWithTags": "CreateDistribution"},
    "cloudsearchdomain": {"UploadDocuments": "document"},
    "dms": {
        "DescribeDataProviders": "ListDataProviders",
        "DescribeExtensionPackAssociations": "ListExtensionPacks",
        "DescribeInstanceProfiles": "ListInstanceProfiles",
        "DescribeMigrationProjects": "ListMigrationProjects",
        "ModifyDataProvider": "UpdateDataProvider",
        "ModifyInstanceProfile": "UpdateInstanceProfile",
        "ModifyMigrationProject": "UpdateMigrationProject",
    },
    "dynamodb": {
        "BatchExecuteStatement": "PartiQLSelect and others",
        "ExecuteStatement": "PartiQLSelect and others",
        "ExecuteTransaction": "PartiQLSelect and others",
        "TransactGetItems": "GetItem",
        "TransactWriteItems": "PutItem and others",
    },
    "kms": {"ReEncrypt": "ReEncryptFrom and ReEncryptTo"},
    "lambda": {
        "GetLayerVersionByArn": "GetLayerVersion",
        "Invoke": "InvokeFunction",
        "InvokeWithResponseStream": "InvokeFunction",
    },
    "neptune-graph": {"ExecuteQuery": "ReadDataViaQuery and others", "GetQuery": "GetQueryStatus"},
    "redshift-data": {"GetStatementResultV2": "GetStatementResult"},
    "sns": {"PublishBatch": "Publish"},
    "sqs": {
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
        "DeleteMessageBatch": "DeleteMessage",
        "SendMessageBatch": "SendMessage",
    },
    "timestream-query": {"Query": "Select"},
    "verifiedpermissions": {
        "BatchGetPolicy": "GetPolicy",
        "BatchIsAuthorized": "IsAuthorized",
        "BatchIsAuthorizedWithToken": "IsAuthorizedWithToken",
    },
}
UNSIGNED = {"none", "smithy.api#noAuth", "smithy.api#httpBearerAuth"}

Known = Mapping[str, frozenset[str]]  # IAM prefix -> lower-case names of its actions


class Operation(msgspec.Struct):
    authtype: str = ""
    auth: list[str] = []

    @property
    def signed(self) -> bool:
        """Whether the caller is an IAM principal; IAM is not asked about other calls."""
        return self.authtype not in UNSIGNED and not (self.auth and UNSIGNED.issuperset(self.auth))


class Metadata(msgspec.Struct, rename="camel"):
    endpoint_prefix: str = ""
    signing_name: str = ""
    arn_namespace: str = ""


class Model(msgspec.Struct):
    """What is read of a service's model; the shapes, nearly all of it, are skipped."""

    metadata: Metadata
    operations: dict[str, Operation]

    @property
    def names(self) -> list[str]:
        return [name for name, operation in self.operations.items() if operation.signed]


def names(known: Known) -> Iterator[str]:
    """Actions, as "s3:GetObject", that botocore's models speak of, known ones among them."""
    of_prefix: dict[str, list[str]] = {}
    for service, model in _models():
        if service not in NOT_ACTIONS_OF:
            other = NOT_ACTIONS.get(service, {})
            some = [name for name in model.names if name not in other]
            of_prefix.setdefault(prefix(service, model, known), []).extend(some)
    for one, some in of_prefix.items():
        there = known.get(one)
        if there is None or 2 * sum(name.lower() in there for name in some) >= len(some):
            yield from (f"{one}:{name}" for name in some)


def prefix(service: str, model: Model, known: Known) -> str:
    """The IAM prefix: of what the model calls itself, the one that knows most of its operations."""
    given = model.metadata
    called = (given.signing_name, given.endpoint_prefix, given.arn_namespace, service)
    if service in PREFIXES:
        return PREFIXES[service]
    there = [name for name in dict.fromkeys(called) if name in known]
    if not there:
        return (given.signing_name or service).lower()
    operations = {name.lower() for name in model.names}
    return max(there, key=lambda name: len(operations & known[name]))


def _models() -> Iterator[tuple[str, Model]]:
    """The newest model of each service."""
    decode = msgspec.json.Decoder(Model).decode
    for service in sorted((files("botocore") / "data").iterdir(), key=lambda entry: entry.name):
        if service.is_dir():
            newest = max((entry for entry in service.iterdir() if entry.is_dir()), key=lambda entry: entry.name)
            if text := _text(newest):
                yield service.name, decode(text)


def _text(folder: Traversable) -> bytes:
    packed, plain = folder / "service-2.json.gz", folder / "service-2.json"
    if packed.is_file():
        return gzip.decompress(packed.read_bytes())
    return plain.read_bytes() if plain.is_file() else b""
