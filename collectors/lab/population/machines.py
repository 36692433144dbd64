"""Users who are programs, and their access keys: the faults and look-alikes of KY102 to KY115."""

from collectors.lab.population import documents
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted


@planted()
def in_order(b: Builder) -> None:
    user = b.user("ci-artifacts", created=500, inline={"artifacts": documents.bucket("halden-artifacts")})
    b.key(user, 30, 0.5, region="N/A")


@planted(2)
def due_for_rotation(b: Builder) -> None:
    user = b.user("ci-release", created=95.5, inline={"release": documents.bucket("halden-releases")})
    b.key(user, 95, 2, service="ecr")
    b.ssh_key(user)


@planted(3)
def older_than_a_year(b: Builder) -> None:
    user = b.user("backup-agent", created=420, inline={"backups": documents.bucket("halden-backups")})
    b.key(user, 400, 1, region="N/A")
    b.service_credential(user, "codecommit", active=False)


@planted(3, 1)
def not_used_lately(b: Builder) -> None:
    user = b.user("report-mailer", created=300, inline={"reports": documents.bucket("halden-reports")})
    b.key(user, 80, 60, service="ses", region="eu-central-1")


@planted(3, 2)
def used_last_month(b: Builder) -> None:
    user = b.user("etl-export", created=300, inline={"lake": documents.bucket("halden-data-lake")})
    b.key(user, 70, 40, service="athena")


@planted(4)
def made_with_the_user_and_never_used(b: Builder) -> None:
    b.key(b.user("kafka-mirror", created=200, inline={"metrics": documents.METRICS}), None, None)


@planted(4, 1)
def never_used(b: Builder) -> None:
    b.key(b.user("partner-feed", created=300, inline={"feed": documents.bucket("halden-partner-feed")}), 20, None)


@planted(4, 2)
def new_and_not_yet_used(b: Builder) -> None:
    b.key(b.user("app-signing", created=260, inline={"metrics": documents.METRICS}), 3, None)


@planted(4, 3)
def inactive(b: Builder) -> None:
    """Its key is switched off; whether the password with which it fetches code is in use, AWS does not tell."""
    user = b.user("old-jenkins", created=900, inline={"metrics": documents.METRICS})
    b.key(user, 500, 380, service="ec2", active=False)
    b.service_credential(user, "codecommit")


@planted(6, 1)
def rotating(b: Builder) -> None:
    user = b.user("deploy-mobile", created=600, inline={"mobile": documents.bucket("halden-mobile")})
    b.key(user, 85, 1, region="N/A")
    b.key(user, 5, 0.5, region="N/A")


@planted(6, 4)
def rotation_not_finished(b: Builder) -> None:
    user = b.user("deploy-legacy", created=600, inline={"legacy": documents.bucket("halden-legacy")})
    b.key(user, 210, 2, region="N/A")
    b.key(user, 60, 1, region="N/A")


@planted(6, 3)
def program_with_a_password(b: Builder) -> None:
    user = b.user(
        "svc-billing-ui",
        created=400,
        password=(40, 20),
        mfa="virtual",
        inline={"billing": documents.COST_READ},
        tags={"kind": "machine"},
    )
    b.key(user, 50, 0.4, service="ce", region="us-east-1")
    b.open("HM103", "user", "svc-billing-ui", "keys in use by a program, and a console password")


@planted(6, 3)
def person_with_a_program(b: Builder) -> None:
    """Somebody who also works on the command line; beside him a program whose name says so, without a password."""
    user = b.user("ruben.costa", created=300, password=(50, 2), mfa="virtual", groups=["developers"])
    b.key(user, 60, 1, region="N/A")
    b.clear("HM103", "user", "ruben.costa", "a person who uses a key")
    user = b.user("svc-invoice-export", created=300, inline={"invoices": documents.bucket("halden-invoices")})
    b.key(user, 60, 1, region="N/A")
    b.clear("HM103", "user", "svc-invoice-export", "no console password")


@planted(12, 9)
def leaked(b: Builder) -> None:
    """AWS attaches the quarantine policy to users whose key it found in public."""
    user = b.user("ml-notebook", created=120, attached=["/AWSCompromisedKeyQuarantineV2"])
    key = b.key(user, 40, 5, service="bedrock", region="us-east-1")
    b.service_credential(user, "bedrock")
    b.open("KY110", "key", key.access_key_id, "AWSCompromisedKeyQuarantineV2 attached to its user")
    user = b.user("ml-labels", created=120, attached=["/AWSCompromisedKeyQuarantineV2"])
    key = b.key(user, 60, 50, service="s3", active=False)
    b.service_credential(user, "bedrock", active=False)
    b.clear("KY110", "key", key.access_key_id, "the key that leaked was switched off")


@planted(6, 2)
def signs_with_a_certificate(b: Builder) -> None:
    """From the days of SOAP; the report shows it, nobody else does."""
    user = b.user("soap-uploader", created=1900, inline={"uploads": documents.bucket("halden-uploads")})
    b.key(user, 20, 1)
    b.signing_certificate(user)


@planted(6, 5)
def key_of_an_administrator(b: Builder) -> None:
    user = b.user("terraform", created=700, groups=["admins"])
    key = b.key(user, 65, 1, service="iam", region="us-east-1")
    b.open("KY111", "key", key.access_key_id, "its user is in a group with AdministratorAccess")


@planted(7, 3)
def bounded_user(b: Builder) -> None:
    boundary = b.policy("machine-user-boundary", documents.BOUNDARY)
    user = b.user("iot-gateway", created=340, inline={"all": documents.ADMINISTRATOR}, boundary=boundary.arn)
    b.clear("LP201", "user", "iot-gateway", "the permissions boundary takes administration away")
    b.open("LP301", "user", "iot-gateway", "blocked: the boundary machine-user-boundary allows no IAM")
    key = b.key(user, 25, 1, service="iotdata")
    b.clear("KY111", "key", key.access_key_id, "the boundary of its user takes administration away")
