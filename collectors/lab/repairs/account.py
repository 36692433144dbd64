"""Answers on the account: enabled regions; of IAM its summary, server certificates, profiles, organization features."""

from typing import Any

from moto.account import urls
from moto.account.responses import AccountResponse
from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.iam.responses import IamResponse

from collectors.lab.repairs.operation import operation, page
from collectors.lab.world import RootUser, current

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")  # that are enabled; AWS has more by default

urls.url_paths["{0}/listRegions$"] = AccountResponse.dispatch


@operation(AccountResponse)
def list_regions(self: AccountResponse) -> ActionResult:
    return ActionResult(
        {"Regions": [{"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for name in REGIONS]}
    )


def summary(iam: IAMBackend, root: RootUser) -> dict[str, int]:
    """moto's map with what it does not know: root's credentials, devices and policy versions counted rightly."""
    users = iam.users.values()
    local = [p for p in iam.managed_policies.values() if not isinstance(p, AWSManagedPolicy)]
    attached = [p for p in iam.managed_policies.values() if p.attachment_count]
    figures: dict[str, Any] = iam.account_summary.summary_map
    return figures | {
        "AccountMFAEnabled": int(bool(root.mfa)),
        "AccountAccessKeysPresent": int(bool(root.keys)),
        "AccountPasswordPresent": int(root.password_changed is not None),
        "MFADevices": sum(len(user.mfa_devices) for user in users) + int(bool(root.mfa)),
        "MFADevicesInUse": sum(len(user.mfa_devices) for user in users) + int(bool(root.mfa)),
        "Policies": len(local),
        "PolicyVersionsInUse": len(attached),
        "GlobalEndpointTokenVersion": 1,
    }


@operation(IamResponse)
def get_account_summary(self: IamResponse) -> ActionResult:
    return ActionResult({"SummaryMap": summary(self.backend, current().root_users[self.current_account])})


@operation(IamResponse)
def list_server_certificates(self: IamResponse) -> ActionResult:
    certificates = [
        {
            "Path": certificate.path,
            "ServerCertificateName": certificate.cert_name,
            "ServerCertificateId": certificate.certificate_id,
            "Arn": certificate.arn,
            "UploadDate": certificate.upload_date,
            "Expiration": certificate.expiration,
        }
        for certificate in self.backend.certificates.values()
    ]
    shown, paging = page(self, certificates)
    return ActionResult({"ServerCertificateMetadataList": shown, **paging})


@operation(IamResponse)
def list_instance_profiles(self: IamResponse) -> ActionResult:
    shown, paging = page(self, list(self.backend.get_instance_profiles()))
    return ActionResult({"InstanceProfiles": shown, **paging})


@operation(IamResponse)
def list_organizations_features(self: IamResponse) -> ActionResult:
    """Central root management is on: that is why member accounts have no root credentials."""
    if self.current_account != current().management.id:
        raise IAMException("AccountNotManagementOrDelegatedAdministratorException", "The account may not ask.")
    features = ["RootCredentialsManagement"]
    return ActionResult({"OrganizationId": current().organization_id, "EnabledFeatures": features})
