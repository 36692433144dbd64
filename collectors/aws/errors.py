"""What a failed call means for coverage: denied, blocked by an SCP, throttled, or an error (TRUST, AWS.md 32)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from collectors.records import State

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "PriorRequestNotComplete",
        "SlowDown",
    }
)
TOO_MANY = 429  # a proxy's answer has no code of AWS's
# "... is not authorized to perform: iam:ListAccessKeys on resource: ..." : the only place where AWS names the action.
_ACTION = re.compile(r"not authorized to perform: ([\w-]{1,64}:\w{1,128})")


class AwsError(Exception):
    """A call that gave no usable answer. str(error) is the sentence shown to operators; it holds no credentials.

    kept: what a fetch of many calls had read before this one failed, in the form of its answer; None: nothing.
    regions: of an API that is asked in each region, how those failed that did (collectors.aws.regional).
    """

    def __init__(
        self,
        api: str,
        state: State,
        message: str,
        *,
        code: str = "",
        permission: str = "",
        kept: Any = None,
        regions: Mapping[str, AwsError] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.api, self.state, self.message, self.code, self.permission = api, state, message, code, permission
        self.kept, self.regions = kept, regions


def from_client_error(api: str, error: ClientError) -> AwsError:
    """api: 'iam:ListAccessKeys'."""
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    if code in DENIED:
        found = _ACTION.search(message)
        permission = found.group(1)[:128] if found else api
        state = State.BLOCKED_BY_SCP if "service control policy" in message else State.DENIED
        return AwsError(api, state, f"{code}: {message}", code=code, permission=permission)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    state = State.THROTTLED if code in THROTTLED or status == TOO_MANY else State.ERROR
    return AwsError(api, state, f"{code}: {message}", code=code)


def from_botocore_error(api: str, error: BotoCoreError) -> AwsError:
    """Connections that failed, answers that could not be parsed, credentials that are missing."""
    return AwsError(api, State.ERROR, f"{type(error).__name__}: {error}")
