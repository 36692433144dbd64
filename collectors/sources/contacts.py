"""Whether AWS knows whom to tell of a security problem in the account."""

from __future__ import annotations

from collectors.aws.call import Aws
from collectors.aws.errors import AwsError
from collectors.records import AccountDetails, Part
from collectors.sources import Answers, Api, Source

CONTACT = "account:GetAlternateContact"


def security_contact(aws: Aws, _: Answers) -> bool:
    """False: none is named, which AWS tells by an error. Name, address and number are not kept: nothing needs them."""
    try:
        aws.ask(CONTACT, require="AlternateContact", AlternateContactType="SECURITY")
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return False
    return True


def transform(answers: Answers) -> Part:
    return Part(details=(AccountDetails(unique_id="contacts", security_contact=answers.get(CONTACT)),))


SOURCE = Source(
    name="contacts",
    title="Security contact",
    apis=(Api(CONTACT, security_contact),),
    transform=transform,
    every=4,
    calls=lambda _: 1,
)
