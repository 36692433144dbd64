"""Access keys and MFA devices: paging, root's virtual device, and a look-up that stays in the account.

moto searches a key through all accounts (and makes their back-ends), and pages none of these lists. It also
writes every call as a key's last use: the population would change while it is read.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.iam import models
from moto.iam.exceptions import NotFoundException
from moto.iam.models import VirtualMfaDevice
from moto.iam.responses import IamResponse

from collectors.lab.repairs.operation import operation, page
from collectors.lab.wire import RefusalError
from collectors.lab.world import current

models.mark_account_as_visited = lambda **_: None


@operation(IamResponse)
def list_service_specific_credentials(self: IamResponse) -> ActionResult:
    """moto lacks the operation. Of one user or of all; a role that names nobody is refused, as by AWS."""
    name, of_all = self._get_param("UserName"), self._get_param("AllUsers") in (True, "true")
    if bool(name) == of_all:
        raise RefusalError("invalid", "Must specify userName when calling with non-User credentials")
    names = self.backend.users if of_all else {self.backend.get_user(name).name}
    made = [one for one in current().service_credentials.get(self.current_account, ()) if one["UserName"] in names]
    shown, paging = page(self, made)
    return ActionResult({"ServiceSpecificCredentials": shown, **paging})


@operation(IamResponse)
def list_ssh_public_keys(self: IamResponse) -> ActionResult:
    keys, paging = page(self, self.backend.get_user(self._get_param("UserName")).ssh_public_keys)
    return ActionResult({"SSHPublicKeys": keys, **paging})


@operation(IamResponse)
def list_access_keys(self: IamResponse) -> ActionResult:
    caller = self.normalized_request.environ["lab.caller"]
    name = self._get_param("UserName") or caller.entity.name
    keys, paging = page(self, self.backend.get_user(name).access_keys)
    return ActionResult({"UserName": name, "AccessKeyMetadata": keys, **paging})


@operation(IamResponse)
def get_access_key_last_used(self: IamResponse) -> ActionResult:
    key_id = self._get_param("AccessKeyId")
    for user in self.backend.users.values():
        for key in user.access_keys:
            if key.access_key_id == key_id:
                used = key.last_used
                last: dict[str, Any] = {"ServiceName": "N/A", "Region": "N/A"}
                if used:
                    last = {"LastUsedDate": used.timestamp, "ServiceName": used.service, "Region": used.region}
                return ActionResult({"UserName": user.name, "AccessKeyLastUsed": last})
    raise NotFoundException(f"The Access Key with id {key_id} cannot be found.")


@operation(IamResponse)
def list_mfa_devices(self: IamResponse) -> ActionResult:
    caller = self.normalized_request.environ["lab.caller"]
    name = self._get_param("UserName") or caller.entity.name
    devices = [
        {"UserName": name, "SerialNumber": device.serial_number, "EnableDate": device.enable_date}
        for device in self.backend.get_user(name).mfa_devices.values()
    ]
    shown, paging = page(self, devices)
    return ActionResult({"MFADevices": shown, **paging})


def virtual_device(device: VirtualMfaDevice) -> dict[str, Any]:
    shown: dict[str, Any] = {"SerialNumber": device.serial_number}
    if device.enable_date:
        shown |= {"EnableDate": device.enable_date, "User": device.user_attribute}
    return shown


def root_device(account_id: str) -> list[dict[str, Any]]:
    """Root's virtual device is listed; a hardware device of root is not, that is how they are told apart."""
    root = current().root_users[account_id]
    if root.mfa != "virtual":
        return []
    user = {
        "Path": "/",
        "UserName": "root",
        "UserId": account_id,
        "Arn": f"arn:aws:iam::{account_id}:root",
        "CreateDate": root.created,
    }
    serial = f"arn:aws:iam::{account_id}:mfa/root-account-mfa-device"
    return [{"SerialNumber": serial, "EnableDate": root.created, "User": user}]


@operation(IamResponse)
def list_virtual_mfa_devices(self: IamResponse) -> ActionResult:
    status = self._get_param("AssignmentStatus") or "Any"
    devices = root_device(self.current_account)
    devices += [virtual_device(device) for device in self.backend.virtual_mfa_devices.values()]
    wanted = [d for d in devices if status == "Any" or ("EnableDate" in d) == (status == "Assigned")]
    shown, paging = page(self, wanted)
    return ActionResult({"VirtualMFADevices": shown, **paging})
