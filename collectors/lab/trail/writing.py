"""Visits -> CloudTrail's records of one account ("CloudTrail record contents", user guide)."""

from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from moto.iam.models import Role, User

from collectors.lab.enforcement import documents_of
from collectors.lab.sessions import ID_LETTERS
from collectors.lab.trail import calls, identities, places
from collectors.lab.trail.identities import FORMAT, Identity
from collectors.lab.trail.visits import Act, Opener, Visit
from collectors.lab.world import World

Record = dict[str, Any]
STS, SIGN_IN = "sts.amazonaws.com", "signin.amazonaws.com"
EVENTS = {"saml": "AssumeRoleWithSAML", "oidc": "AssumeRoleWithWebIdentity"}
READING = ("Get", "List", "Describe", "Simulate")
BETWEEN = timedelta(seconds=4)
LIFE = timedelta(hours=1)


class Writer:
    """One account's records. `chance` is the only source of variety, and draws only for them."""

    def __init__(self, world: World, account: str) -> None:
        self.world, self.account = world, account
        self.chance = Random(f"{world.settings.seed}/trail/{account}/records")
        self.records: list[Record] = []
        self._roles: dict[str, dict[str, Role]] = {}

    def role(self, account: str, name: str) -> Role:
        if account not in self._roles:
            self._roles[account] = {role.name: role for role in self.world.iam(account).roles.values()}
        return self._roles[account][name]

    def user(self, account: str, name: str) -> User:
        return self.world.iam(account).users[name]

    def write(self, visit: Visit) -> None:
        """What this account has of a visit: all, or the opening only."""
        key = visit.key or self.temporary_key()
        if visit.opener:
            self.opening(visit, visit.opener, key)
        if visit.account == self.account:
            self.calling(visit, key)

    def temporary_key(self) -> str:
        return "ASIA" + "".join(self.chance.choices(ID_LETTERS, k=16))

    def put(
        self,
        moment: datetime,
        source: str,
        name: str,
        who: Identity,
        visit: Visit,
        *,
        region: str = calls.HOME,
        plain: bool = True,
        **more: Any,
    ) -> None:
        host = visit.behalf
        self.records.append(
            {
                "eventVersion": "1.11",
                "userIdentity": who,
                "eventTime": moment.strftime(FORMAT),
                "eventSource": source,
                "eventName": name,
                "awsRegion": region,
                "sourceIPAddress": host or visit.address,
                "userAgent": host or visit.agent,
                "requestParameters": None,
                "responseElements": None,
                "requestID": self.unique(),
                "eventID": self.unique(),
                "readOnly": plain,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": self.account,
                "eventCategory": "Management",
                **({} if host else through(visit)),
                **more,
            }
        )

    def unique(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    # -- a session's own calls

    def calling(self, visit: Visit, key: str) -> None:
        who, entity = self.identity(visit, key)
        documents = tuple(documents_of(self.world.iam(self.account), entity))
        for number, action in enumerate(visit.calls):
            one = calls.CALLS[action]
            more = calls.about(one, self.account, calls.named(documents, action.partition(":")[0]), number)
            if one.data:
                more |= {"eventCategory": "Data", "managementEvent": False}
            if visit.console:
                more["sessionCredentialFromConsole"] = "true"
            moment = visit.begin + BETWEEN * (number + 1)
            self.put(moment, one.source, one.name, who, visit, region=one.region, plain=one.plain, **more)
        for number, act in enumerate(visit.acts, len(visit.calls) + 1):
            self.acting(visit, who, act, visit.begin + BETWEEN * number)

    def acting(self, visit: Visit, who: Identity, act: Act, moment: datetime) -> None:
        more: Record = {"requestParameters": dict(act.asked) or None}
        if visit.console:
            more["sessionCredentialFromConsole"] = "true"
        if act.error:
            more |= {"errorCode": act.error, "errorMessage": f"User is not authorized to perform: {act.name}"}
        self.put(
            moment, act.source, act.name, who, visit, region=act.region, plain=act.name.startswith(READING), **more
        )

    def identity(self, visit: Visit, key: str) -> tuple[Identity, Role | User]:
        if not visit.name:
            user = self.user(visit.account, visit.principal)
            begun = None if visit.key else visit.begin
            return identities.of_user(user, key, begun, mfa=visit.mfa), user
        role, opener = self.role(visit.account, visit.principal), visit.opener
        who = identities.of_session(
            role,
            visit.name,
            key,
            visit.begin,
            mfa=visit.mfa,
            provider=opener.via if opener and opener.way == "oidc" else "",
            source=visit.source_identity,
            instance=visit.instance,
        )
        return who | ({"invokedBy": visit.behalf} if visit.behalf else {}), role

    # -- how it was opened

    def opening(self, visit: Visit, opener: Opener, key: str) -> None:
        if opener.way == "switch":
            self.switching(visit, opener)
            return
        crossing = opener.way in ("role", "user") and opener.account != visit.account
        shared = {"sharedEventID": shared_id(visit)} if crossing else {}
        who, agent = self.opener(visit, opener)
        service = {"sourceIPAddress": opener.who, "userAgent": opener.who} if opener.way == "service" else {}
        event = EVENTS.get(opener.way, "AssumeRole")
        self.put(visit.begin, STS, event, who, visit, **self.asked(visit, opener, key), **shared, **service, **agent)
        if opener.way == "saml" and visit.console:
            self.signing_in(visit, opener)

    def opener(self, visit: Visit, opener: Opener) -> tuple[Identity, Record]:
        """userIdentity of who asked, as this account sees it, and what of the record is not the visit's."""
        if opener.way == "service":
            return identities.of_service(opener.who), {}
        if opener.way == "saml":
            return identities.of_saml(opener.via, opener.who), {}
        if opener.way == "oidc":
            return identities.of_oidc(opener.via, opener.who), {}
        if opener.way == "outside":
            return identities.of_stranger(opener.account, opener.who), {}
        if opener.way == "user":
            user = self.user(opener.account, opener.who)
            if opener.account != self.account:
                return identities.of_stranger(opener.account, user.id), {}
            return identities.of_user(user, self.temporary_key(), visit.begin, mfa=visit.mfa), {}
        role = self.role(opener.account, opener.who)
        if opener.account != self.account:
            return identities.of_stranger(opener.account, f"{role.id}:{opener.session}"), {}
        return identities.of_session(role, opener.session, self.temporary_key(), visit.begin), {}

    def asked(self, visit: Visit, opener: Opener, key: str) -> Record:
        """Parameters and answer of an AssumeRole*."""
        role = self.role(visit.account, visit.principal)
        asked = {"roleArn": role.arn, "roleSessionName": visit.name}
        if visit.source_identity:
            asked["sourceIdentity"] = visit.source_identity
        if opener.way == "saml":
            asked["principalArn"] = opener.via
        session = {
            "assumedRoleId": f"{role.id}:{visit.name}",
            "arn": f"arn:aws:sts::{visit.account}:assumed-role/{role.name}/{visit.name}",
        }
        expiry = (visit.begin + LIFE).strftime("%b %d, %Y, %I:%M:%S %p")
        return {
            "requestParameters": asked,
            "responseElements": {
                "credentials": {"accessKeyId": key, "expiration": expiry},
                "assumedRoleUser": session,
            },
            "resources": [{"accountId": visit.account, "type": "AWS::IAM::Role", "ARN": role.arn}],
        }

    def switching(self, visit: Visit, opener: Opener) -> None:
        """In the console, from another session, whose ARN `who` is."""
        self.sign_in(visit, "SwitchRole", {"SwitchFrom": opener.who, "RedirectTo": "https://console.aws.amazon.com/"})

    def signing_in(self, visit: Visit, opener: Opener) -> None:
        """By SAML; MFA is the identity provider's, and "No" says nothing of it (AWS.md 26)."""
        self.sign_in(visit, "ConsoleLogin", {"MFAUsed": "No", "MobileVersion": "No", "SamlProviderArn": opener.via})

    def sign_in(self, visit: Visit, name: str, more: Record) -> None:
        who = identities.bare_session(self.role(visit.account, visit.principal), visit.name)
        answer, kind = {name: "Success"}, "AwsConsoleSignIn"
        self.put(
            visit.begin + timedelta(seconds=2), SIGN_IN, name, who, visit,
            region=calls.GLOBAL, plain=False, responseElements=answer, additionalEventData=more, eventType=kind,
        )  # fmt: skip


def through(visit: Visit) -> Record:
    """A private address is seen only through a VPC endpoint, whose owner is told since version 1.09."""
    if not visit.address.startswith(places.PRIVATE):
        return {}
    owner = visit.endpoint_of or visit.account
    return {"vpcEndpointId": f"vpce-{sha256(owner.encode()).hexdigest()[:17]}", "vpcEndpointAccountId": owner}


def shared_id(visit: Visit) -> str:
    """The same in both accounts' records."""
    named = f"{visit.account}/{visit.principal}/{visit.name}/{visit.begin.isoformat()}"
    return str(UUID(bytes=sha256(named.encode()).digest()[:16], version=4))
