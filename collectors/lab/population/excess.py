"""More than is needed, and what only looks so: wildcards of services and resources, data on everything, policies that grew,
words without effect. Faults of LP202 to LP213."""

from collectors.lab.population import documents, trusts
from collectors.lab.population.builder import Builder
from collectors.lab.population.customer_policies import held
from collectors.lab.population.recipes import planted

LAMBDA = trusts.service_trust("lambda.amazonaws.com")


@planted(3, 1)
def whole_service_on_one_bucket(b: Builder) -> None:
    held(b, "media-bucket-owner", documents.BUCKET_OWNER, "media-uploader")
    b.clear("LP202", "policy", "media-bucket-owner", "s3:* on one bucket")


@planted(4, 1)
def all_queues(b: Builder) -> None:
    held(b, "order-events", documents.SEND_ANYWHERE, "order-events-relay")
    b.open("LP203", "policy", "order-events", "sqs:SendMessage on *")
    held(b, "invoice-events", documents.SEND_TO_OURS, "invoice-events-relay")
    b.clear("LP203", "policy", "invoice-events", "aws:ResourceTag narrows it")


@planted(4)
def bucket_policies(b: Builder) -> None:
    b.role("bucket-onboarding", LAMBDA, inline={"share": documents.SHARE_ANY_BUCKET}, used=4)
    b.open("LP207", "role", "bucket-onboarding", "s3:PutBucketPolicy on *")
    b.open("LP203", "role", "bucket-onboarding", "s3:PutBucketPolicy on *", "inline:share")
    b.role("bucket-publisher", LAMBDA, inline={"share": documents.SHARE_WEB_BUCKETS}, used=4)
    b.clear("LP207", "role", "bucket-publisher", "only buckets whose name starts so")
    b.clear("LP203", "role", "bucket-publisher", "only buckets whose name starts so", "inline:share")


@planted(4, 2)
def objects_of_all_buckets(b: Builder) -> None:
    b.role("search-indexer", LAMBDA, inline={"read": documents.READ_ANY_OBJECT}, used=0.4)
    b.open("LP208", "role", "search-indexer", "s3:GetObject on *")
    b.role("thumbnail-indexer", LAMBDA, inline={"read": documents.bucket("halden-thumbnails")}, used=0.4)
    b.clear("LP208", "role", "thumbnail-indexer", "objects of one bucket")


@planted(6, 1)
def marketplace_of_some_products(b: Builder) -> None:
    held(b, "marketplace-renewals", documents.SUBSCRIBE_TO_SOME, "license-renewals")
    b.clear("LP210", "policy", "marketplace-renewals", "only named products")


@planted(7, 5)
def shell_without_transfer(b: Builder) -> None:
    policy = b.policy("cloudshell-without-transfer", documents.cloud_shell(b.id))
    b.role("workshop-readonly", trusts.account_trust(b.id), attached=[policy.arn], used=15)
    b.clear("LP211", "role", "workshop-readonly", "a policy of its own, without up- and downloads")


@planted(5, 3)
def grown(b: Builder) -> None:
    """A new version of last week allows more; another one says the same in another order."""
    one, two = documents.bucket("halden-reports"), documents.buckets("halden-reports", "halden-payroll")
    wider = b.policy("report-access", one, two, renewed=6)
    b.role("report-builder", LAMBDA, attached=[wider.arn], used=1)
    b.open("LP212", "policy", "report-access", "the version of last week adds a bucket")
    same = b.policy("archive-access", two, documents.buckets("halden-payroll", "halden-reports"), renewed=6)
    b.role("archive-builder", LAMBDA, attached=[same.arn], used=1)
    b.clear("LP212", "policy", "archive-access", "the version of last week allows the same")


@planted(5, 1)
def words_without_effect(b: Builder) -> None:
    held(b, "avatar-access", documents.MISSPELT, "avatar-resizer")
    b.open("LP213", "policy", "avatar-access", "no action is called s3:GetObjects", "unknown action")
    held(b, "banner-access", documents.LOWER_CASE, "banner-resizer")
    b.clear("LP213", "policy", "banner-access", "AWS ignores the case of actions", "unknown action")
