"""What moto lacks or answers wrongly, as methods put on its response and back-end classes.

moto finds an operation's method by its snake_case name on the response class of the service, so a repair
is a function of that name. All repairs are in force once this package is imported.
"""

from collectors.lab.repairs import (
    access_analyzer,
    account,
    athena,
    authorization_details,
    buckets,
    config,
    credential_report,
    credentials,
    event_history,
    identity_center,
    last_accessed,
    managed_policies,
    organizations,
    speed,
    tokens,
    trail_events,
    watched,
)

__all__ = [
    "access_analyzer",
    "account",
    "athena",
    "authorization_details",
    "buckets",
    "config",
    "credential_report",
    "credentials",
    "event_history",
    "identity_center",
    "last_accessed",
    "managed_policies",
    "organizations",
    "speed",
    "tokens",
    "trail_events",
    "watched",
]
