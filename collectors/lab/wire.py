"""What is read from an AWS request before it is answered, and how an AWS error looks in each protocol.

Source of the forms: botocore's parsers (query, json, rest-json, rest-xml) and the "Common Errors" pages.
"""

import io
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.request import Request
from moto.core.routing import NotFound, ServiceOperationRouter, get_service_router
from werkzeug.exceptions import MethodNotAllowed

Environ = dict[str, Any]
Answer = tuple[int, list[tuple[str, str]], bytes]

CREDENTIAL = re.compile(r"Credential=([A-Z0-9]{16,128})/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
# Signing names that differ from the name of botocore's model, for the REST services the lab serves.
CONTROL = "/v20180820/"  # where S3 Control's paths begin
MODEL_NAMES = {"access-analyzer": "accessanalyzer"}
# kind -> (query, json, rest-json, rest-xml) as (code, status); JSON services answer 400 where REST ones answer 403.
CODES = {
    "denied": (
        ("AccessDenied", 403),
        ("AccessDeniedException", 400),
        ("AccessDeniedException", 403),
        ("AccessDenied", 403),
    ),
    "unknown-key": (
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 400),
        ("UnrecognizedClientException", 403),
        ("InvalidAccessKeyId", 403),
    ),
    "expired": (
        ("ExpiredToken", 403),
        ("ExpiredTokenException", 400),
        ("ExpiredTokenException", 403),
        ("ExpiredToken", 400),
    ),
    "unsigned": (
        ("MissingAuthenticationToken", 403),
        ("MissingAuthenticationTokenException", 400),
        ("MissingAuthenticationTokenException", 403),
        ("AccessDenied", 403),
    ),
    "throttled": (("Throttling", 400), ("ThrottlingException", 400), ("ThrottlingException", 429), ("SlowDown", 503)),
    "failure": (
        ("InternalFailure", 500),
        ("InternalFailure", 500),
        ("InternalServerException", 500),
        ("InternalError", 500),
    ),
    "unavailable": (
        ("ServiceUnavailable", 503),
        ("ServiceUnavailable", 503),
        ("ServiceUnavailable", 503),
        ("ServiceUnavailable", 503),
    ),
    "invalid": (
        ("ValidationError", 400),
        ("ValidationException", 400),
        ("ValidationException", 400),
        ("InvalidArgument", 400),
    ),
    "malformed-policy": (("MalformedPolicyDocument", 400),) * 4,
    "not-implemented": (
        ("InvalidAction", 400),
        ("UnknownOperationException", 400),
        ("UnknownOperationException", 404),
        ("NotImplemented", 501),
    ),
}
PROTOCOLS = ("query", "json", "rest-json", "rest-xml")


class RefusalError(Exception):
    """An error answer of AWS. `kind` is one of CODES, so that the code fits the protocol of the call."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass
class Call:
    """One request: who signed it, and for which operation of which service."""

    access_key: str
    token: str
    region: str
    service: str
    operation: str
    protocol: str
    params: dict[str, str] = field(default_factory=dict)
    account: str = ""  # where the call lands; AssumeRole lands in the role's account
    action: str = ""  # that IAM is asked about: mostly the operation


def read(environ: Environ) -> Call:
    """The call in a request; moto gets the body back untouched."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    signed = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = signed.groups() if signed else ("", "us-east-1", "unknown")
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    query = parse_qs(body.decode(), keep_blank_values=True) if form else {}
    params = {name: values[0] for name, values in query.items()}
    if "Action" in params:
        return Call(key, token, region, service, params["Action"], "query", params)
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return Call(key, token, region, service, target.rpartition(".")[2], "json", texts(body))
    protocol = "rest-xml" if service == "s3" else "rest-json"
    if service == "s3" and environ["PATH_INFO"].startswith(CONTROL):  # it signs as S3 does
        return Call(key, token, region, service, f"Control{rest_operation('s3control', environ)}", protocol)
    params = bucket_and_key(environ) if service == "s3" else {}
    return Call(key, token, region, service, rest_operation(service, environ), protocol, params)


def texts(body: bytes) -> dict[str, str]:
    """Parameters of a JSON request that are text."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return {}
    return {name: value for name, value in asked.items() if isinstance(value, str)}


def bucket_and_key(environ: Environ) -> dict[str, str]:
    """What an S3 request in path style is about: /bucket/key?prefix=..."""
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    return {"Bucket": bucket, "Key": key, "prefix": query.get("prefix", "")}


@lru_cache
def router(service: str) -> ServiceOperationRouter:
    """moto's router made from botocore's model of a REST service."""
    return get_service_router(MODEL_NAMES.get(service, service))


def rest_operation(service: str, environ: Environ) -> str:
    """The operation a REST request means, or "Unknown"."""
    if service == "unknown":
        return "Unknown"
    try:
        operation, _ = router(service).match(Request(environ))
    except (NotFound, MethodNotAllowed, NotImplementedError):
        return "Unknown"
    return str(operation.name)


def refuse(call: Call, refusal: RefusalError) -> Answer:
    """The error answer in the protocol of the call."""
    code, status = CODES[refusal.kind][PROTOCOLS.index(call.protocol)]
    if refusal.kind == "throttled" and call.service == "organizations":
        code = "TooManyRequestsException"
    request_id = str(uuid4())
    headers = [("x-amzn-RequestId", request_id)]
    if call.protocol in ("json", "rest-json"):
        headers += [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
        return status, headers, json.dumps({"__type": code, "message": refusal.message}).encode()
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(refusal.message)}</Message></Error>"
    identity = f"<RequestId>{request_id}</RequestId>"
    body = f"<ErrorResponse>{error}{identity}</ErrorResponse>"
    if call.protocol == "rest-xml":
        body = error.replace("</Error>", f"{identity}</Error>")
    return status, [*headers, ("Content-Type", "text/xml")], body.encode()
