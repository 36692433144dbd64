"""The one way to ask AWS something: paging, demanded keys, counted calls, every failure an AwsError."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from collectors.aws.errors import AwsError, from_botocore_error, from_client_error
from collectors.records import State, clean

Answer = dict[str, Any]
TRIES = 3  # for an answer of HTTP 200 without its required key: botocore takes it for an empty result (TRUST, trap 1)

# What botocore's parsers raise for a body that is not the operation's: truncated, or a proxy's HTML, which can be good XML.
# No retry mode of botocore tries it again.
UNREADABLE = (ResponseParserError, KeyError, TypeError, ValueError)


class Clients(Protocol):
    def client(self, service: str, region: str) -> Any: ...


class Aws:
    """One session in one account, as a source sees it. on_call is told of every request before it goes out."""

    def __init__(self, clients: Clients, region: str, on_call: Callable[[str], None] = lambda api: None) -> None:
        self._clients, self._region, self._on_call = clients, region, on_call

    def through(self, clients: Clients) -> Aws:
        """The same region and listener, with other credentials."""
        return Aws(clients, self._region, self._on_call)

    def pause(self, seconds: float) -> None:
        """Wait for AWS to finish what it was asked to make."""
        time.sleep(seconds)

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        """One answer. api is '<service>:<Operation>'; require names the member a good answer always has.

        Raises AwsError: denied, throttled, or no usable answer after three tries.
        """
        service, operation = api.split(":")
        method = getattr(self._clients.client(service, region or self._region), xform_name(operation))
        for _ in range(TRIES):
            self._on_call(api)
            try:
                answer: Answer = method(**parameters)
            except ClientError as error:
                raise from_client_error(api, error) from error
            except UNREADABLE:
                continue
            except BotoCoreError as error:
                raise from_botocore_error(api, error) from error
            if answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and require in answer:
                del answer["ResponseMetadata"]
                return clean(answer)  # type: ignore[no-any-return]
        raise AwsError(api, State.ERROR, f"{api} gave {TRIES} answers that are not AWS's (no {require}). Is a proxy between?")

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        """All pages of a list call, each checked. An empty page with a token is followed; a repeated token is an error."""
        seen: set[str] = set()
        while True:
            answer = self.ask(api, require=require, region=region, **parameters)
            yield answer
            following = answer.get(token)
            if not following or answer.get("IsTruncated") is False:
                return
            if following in seen:
                raise AwsError(api, State.ERROR, f"{api} gave the same page token twice.")
            seen.add(following)
            parameters[token] = following
