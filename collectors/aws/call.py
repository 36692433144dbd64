"""The one way to ask AWS something: paging, demanded keys, counted calls, every failure an AwsError."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

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


class Aws(ABC):
    """One account, as a source sees it: AWS itself (LiveAws), or files that hold its answers (collectors.aws.bundle).

    malformed: what a fetch or transform may raise over an answer of the wrong form. Nothing for AWS: there it is our bug.
    from_files: whether it is a bundle, of which any part may be missing. home: the region that is meant where none is named.
    """

    malformed: ClassVar[tuple[type[Exception], ...]] = ()
    from_files: ClassVar[bool] = False
    account_id: str
    home: str = ""

    @abstractmethod
    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        """One answer. api is '<service>:<Operation>'; require names the member a good answer always has, "" that it is S3's, of
        which none has to be there.

        Raises AwsError.
        """

    @abstractmethod
    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        """All pages of a list call, each checked. token: the member that asks for the next one. Raises AwsError."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Wait for AWS to finish what it was asked to make."""

    def clock(self) -> float:
        """Seconds, to measure how long something takes."""
        return time.monotonic()

    def problems(self, api: str) -> tuple[str, ...]:
        """What of the API's answers could not be read, although the rest could; it makes the API partial."""
        return ()

    def regions(self, api: str) -> tuple[str, ...]:
        """Regions of which a bundle holds an answer of the API; "" for its own."""
        return ()

    def requests(self, api: str) -> list[dict[str, str]]:
        """The requests of which a bundle holds the answers, as far as they are text. Raises AwsError."""
        return []


def at_once(account_id: str, region: str, api: str) -> float:
    """No rate: a request waits for nothing."""
    return 0.0


def _may_be_empty(answer: Answer) -> bool:
    """Whether the body can be S3's: of none at all, and of HTML that is good XML, botocore makes an empty answer too."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return "html" not in headers.get("content-type", "") and headers.get("content-length") != "0"


class LiveAws(Aws):
    """One session in one account.

    on_call is told of every request before it goes out; wait says how many seconds that has to wait (bucket.Buckets.wait).
    """

    def __init__(
        self,
        clients: Clients,
        account_id: str,
        region: str,
        on_call: Callable[[str], None] = lambda api: None,
        wait: Callable[[str, str, str], float] = at_once,
    ) -> None:
        self.account_id = account_id
        self._clients, self.home, self._on_call, self._wait = clients, region, on_call, wait

    def through(self, clients: Clients) -> LiveAws:
        """The same account, region, listener and rates, with other credentials."""
        return LiveAws(clients, self.account_id, self.home, self._on_call, self._wait)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        """Raises AwsError: denied, throttled, or no usable answer after three tries."""
        service, operation = api.split(":")
        region = region or self.home
        method = getattr(self._clients.client(service, region), xform_name(operation))
        for _ in range(TRIES):
            if seconds := self._wait(self.account_id, region, api):
                self.pause(seconds)
            self._on_call(api)
            try:
                answer: Answer = method(**parameters)
            except ClientError as error:
                raise from_client_error(api, error) from error
            except UNREADABLE:
                continue
            except BotoCoreError as error:
                raise from_botocore_error(api, error) from error
            if answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and (
                require in answer if require else _may_be_empty(answer)
            ):
                del answer["ResponseMetadata"]
                return clean(answer)  # type: ignore[no-any-return]
        raise AwsError(
            api,
            State.ERROR,
            f"{api} gave {TRIES} answers that are not AWS's (no {require or 'body'}). Is a proxy between?",
        )

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        """An empty page with a token is followed; a repeated token is an error."""
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
