"""Query-protocol XML straight from plain values: moto's model-driven writer takes 20 times as long.

Enough for the shapes of GetAccountAuthorizationDetails: structures, lists of <member>, text, dates.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value))


def element(name: str, value: Any) -> str:
    """One element; None is left out, as IAM leaves out what is not set."""
    if value is None:
        return ""
    if isinstance(value, dict):
        body = "".join(element(key, one) for key, one in value.items())
    elif isinstance(value, list):
        body = "".join(element("member", one) for one in value)
    else:
        body = text(value)
    return f"<{name}>{body}</{name}>"


def answer(operation: str, result: dict[str, Any]) -> str:
    """The whole response body."""
    metadata = f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
    body = element(f"{operation}Result", result) + metadata
    return f'<{operation}Response xmlns="{NAMESPACE}">{body}</{operation}Response>'
