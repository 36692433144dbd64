"""iam:GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails, and the organization's reports on accounts.

The answer names every service the identity policies allow, used or not, and is readable only by the
session that asked for it (API reference; AWS.md 4). Moto has none of these operations.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Role, User
from moto.iam.responses import IamResponse

from collectors.lab.enforcement import documents_of
from collectors.lab.policy_language import listed, statements
from collectors.lab.repairs.operation import operation, page
from collectors.lab.wire import RefusalError
from collectors.lab.world import current

# The services an `*` is shown with; AWS lists over 400, a collector needs no more than a page of them.
SERVICES = {
    "cloudformation": "AWS CloudFormation",
    "cloudwatch": "Amazon CloudWatch",
    "dynamodb": "Amazon DynamoDB",
    "ec2": "Amazon EC2",
    "ecr": "Amazon Elastic Container Registry",
    "ecs": "Amazon Elastic Container Service",
    "iam": "AWS Identity and Access Management",
    "kms": "AWS Key Management Service",
    "lambda": "AWS Lambda",
    "logs": "Amazon CloudWatch Logs",
    "rds": "Amazon RDS",
    "s3": "Amazon S3",
    "secretsmanager": "AWS Secrets Manager",
    "sns": "Amazon SNS",
    "sqs": "Amazon SQS",
    "ssm": "AWS Systems Manager",
    "sts": "AWS Security Token Service",
}
IN_USE_DAYS = 50  # what is not planted otherwise was used within so many days, if its principal was
# Actions that a service is tracked by, the first as often used as the service, the others never; AWS tracks many more.
TRACKED = {
    "s3": ("ListAllMyBuckets", "DeleteBucket"),
    "ec2": ("DescribeInstances", "TerminateInstances"),
    "iam": ("ListRoles", "DeleteRole"),
    "lambda": ("ListFunctions20150331", "DeleteFunction20150331"),
}


def find(iam: IAMBackend, arn: str) -> Role | User:
    for entity in (*iam.roles.values(), *iam.users.values()):
        if entity.arn == arn:
            return entity
    raise NotFoundException(f"ARN {arn} was not found.")


def granted(iam: IAMBackend, entity: Role | User) -> list[str]:
    """Services the identity policies allow something of."""
    found: set[str] = set()
    for document in documents_of(iam, entity):
        for statement in statements(document):
            if statement["Effect"] == "Allow":
                actions = listed(statement.get("Action", "*"))
                found.update(action.partition(":")[0].lower() for action in actions)
    return sorted(SERVICES) if "*" in found else sorted(found)


def days_by_service(entity: Role | User, services: list[str]) -> dict[str, int | None]:
    """Days since the last attempt: as planted, else all that is granted around the last use of the role, or of the
    user's keys and password."""
    world = current()
    if entity.arn in world.last_accessed:
        return dict.fromkeys(services) | world.last_accessed[entity.arn]
    if isinstance(entity, Role):
        moments = [entity.last_used] if entity.last_used else []
    else:
        moments = [key.last_used.timestamp for key in entity.access_keys if key.last_used]
        moments += [entity.password_last_used] if entity.password_last_used else []
    if not moments:
        return dict.fromkeys(services)
    newest = (world.settings.now - max(moments)).days
    chance = Random(entity.arn)
    days = {service: max(newest, min(newest + chance.randrange(30), IN_USE_DAYS)) for service in services}
    return days | ({chance.choice(services): newest} if services else {})


def row(service: str, days: int | None, arn: str, detailed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ServiceName": SERVICES.get(service, service),
        "ServiceNamespace": service,
        "TotalAuthenticatedEntities": 0 if days is None else 1,
    }
    if days is not None:
        moment = current().settings.now - timedelta(days=days)
        found |= {"LastAuthenticated": moment, "LastAuthenticatedEntity": arn, "LastAuthenticatedRegion": "eu-west-1"}
    if detailed and service in TRACKED:
        actions: list[dict[str, Any]] = [{"ActionName": name} for name in TRACKED[service]]
        if days is not None:
            actions[0] |= {"LastAccessedEntity": arn, "LastAccessedTime": moment, "LastAccessedRegion": "eu-west-1"}
        found["TrackedActionsLastAccessed"] = actions
    return found


def fate_of(arn: str) -> str:
    """The JobStatus to answer; each asking brings an unfinished job nearer to its end."""
    planned = current().last_accessed_jobs
    fate = planned.get(arn, 0)
    if isinstance(fate, str):
        return fate
    planned[arn] = max(0, fate - 1)
    return "IN_PROGRESS" if fate else "COMPLETED"


@operation(IamResponse)
def generate_service_last_accessed_details(self: IamResponse) -> ActionResult:
    world, arn = current(), self._get_param("Arn")
    find(self.backend, arn)
    job = str(uuid4())
    level = self._get_param("Granularity") or "SERVICE_LEVEL"
    world.jobs[job] = {"arn": arn, "level": level, "owner": self.access_key}
    return ActionResult({"JobId": job})


@operation(IamResponse)
def get_service_last_accessed_details(self: IamResponse) -> ActionResult:
    job = current().jobs.get(self._get_param("JobId"))
    if job is None:
        raise NotFoundException(f"Job {self._get_param('JobId')} does not exist.")
    if job["owner"] != self.access_key:
        raise RefusalError("denied", "The job was created by another principal or session.")
    entity = find(self.backend, job["arn"])
    if (fate := fate_of(job["arn"])) != "COMPLETED":
        error = {"Code": "Service", "Message": "The report could not be made."}
        unfinished = {"JobStatus": fate, "JobType": job["level"], "JobCreationDate": current().settings.now}
        return ActionResult({**unfinished, **({"Error": error} if fate == "FAILED" else {})})
    days = days_by_service(entity, granted(self.backend, entity))
    rows = [row(service, days[service], job["arn"], job["level"] == "ACTION_LEVEL") for service in sorted(days)]
    shown, paging = page(self, rows)
    moment = current().settings.now
    status = {"JobStatus": "COMPLETED", "JobType": job["level"], "JobCreationDate": moment, "JobCompletionDate": moment}
    return ActionResult({**status, "ServicesLastAccessed": shown, **paging})


def of_account(account: str) -> dict[str, datetime | None]:
    """Service -> when any principal of the account last tried it."""
    iam, found = current().iam(account), {}
    for entity in (*iam.roles.values(), *iam.users.values()):
        for service, days in days_by_service(entity, granted(iam, entity)).items():
            moment = None if days is None else current().settings.now - timedelta(days=days)
            found[service] = max(filter(None, (moment, found.get(service))), default=None)
    return dict(sorted(found.items()))


@operation(IamResponse)
def generate_organizations_access_report(self: IamResponse) -> ActionResult:
    world, path = current(), self._get_param("EntityPath").split("/")
    if self.current_account != world.management.id:
        raise RefusalError("denied", "Only the management account may ask for the organization's reports.")
    if path[0] != world.organization_id or not path[1].startswith("r-"):
        raise RefusalError("invalid", f"{'/'.join(path)} is no entity of the organization.")
    job = str(uuid4())
    world.jobs[job] = {"account": path[-1]}
    return ActionResult({"JobId": job})


@operation(IamResponse)
def get_organizations_access_report(self: IamResponse) -> ActionResult:
    account, moment = current().jobs[self._get_param("JobId")]["account"], current().settings.now
    created = {"JobCreationDate": moment}
    if (fate := fate_of(account)) != "COMPLETED":
        error = {"ErrorDetails": {"Code": "Service", "Message": "The report could not be made."}}
        return ActionResult({"JobStatus": fate, **created, **(error if fate == "FAILED" else {})})
    rows = [
        {
            "ServiceName": SERVICES.get(service, service),
            "ServiceNamespace": service,
            "TotalAuthenticatedEntities": int(last is not None),
            **({"Region": "eu-west-1", "LastAuthenticatedTime": last, "EntityPath": account} if last else {}),
        }
        for service, last in of_account(account).items()
    ]
    shown, paging = page(self, rows)
    counts = {
        "NumberOfServicesAccessible": len(rows),
        "NumberOfServicesNotAccessed": sum("Region" not in r for r in rows),
    }
    return ActionResult(
        {"JobStatus": fate, **created, "JobCompletionDate": moment, **counts, "AccessDetails": shown, **paging}
    )
