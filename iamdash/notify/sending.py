"""One attempt at a message: claim it, open what the channel leads to, send, write down what came of it.

Sending is outside any transaction. Who dies between the answer and the writing leaves a lease that ends, and the message goes out
again with the same id: at least once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from iamdash.notify import mail, queue, slack, webhook
from iamdash.notify.models import Channel, ChannelTarget, Delivery
from iamdash.notify.outgoing import Answer, OutgoingError
from iamdash.notify.queue import Outcome
from iamdash.notify.wording import plain
from iamdash.sealed import SealError, opened, seal

log = structlog.get_logger(__name__)
Send = Callable[[Delivery, dict[str, Any], datetime], Answer]
BY_KIND: dict[str, Send] = {
    Channel.Kind.SLACK: slack.send,
    Channel.Kind.WEBHOOK: webhook.send,
    Channel.Kind.EMAIL: mail.send,
}
GONE = 410
NEVER = {400, 413, 415, 422}  # this very message is not wanted; 401, 403, 404 may be put right by somebody
SAID = 500  # characters of an answer that the log keeps


def deliver(pk: int, now: datetime) -> None:
    claimed = queue.claim(pk, now)
    if claimed is None:
        return
    outcome = attempt(claimed, now)
    queue.record(claimed, outcome, now)
    log.info(
        "notify.sent" if not outcome.error else "notify.failed",
        message=str(claimed), channel=str(claimed.channel.key), attempt=claimed.attempt, status=outcome.status,
    )  # fmt: skip


def attempt(claimed: Delivery, now: datetime) -> Outcome:
    try:
        answer = BY_KIND[claimed.channel.kind](claimed, target_of(claimed.channel), now)
    except (OutgoingError, SealError) as error:
        return Outcome(error=str(error))
    return _outcome(answer, now)


def _outcome(answer: Answer, now: datetime) -> Outcome:
    said = plain(answer.text, SAID)
    if answer.ok:
        return Outcome(status=answer.status, answer=said)
    moved = 300 <= answer.status < 400
    return Outcome(
        error="it sends us elsewhere, and redirects are not followed" if moved else f"it answered {answer.status}",
        status=answer.status,
        answer=said,
        wait=answer.wait(now),
        never=moved or answer.status in NEVER,
        gone=answer.status == GONE,
    )


def target_of(channel: Channel) -> dict[str, Any]:
    """{"url", "secret"} or {"to"}. Raises SealError."""
    row = ChannelTarget.objects.filter(channel=channel).order_by("-pk").first()
    if row is None:
        raise SealError("The channel leads nowhere.")
    return json.loads(opened(row.sealed, about(channel)))  # type: ignore[no-any-return]


def sealed(channel: Channel, target: dict[str, Any]) -> bytes:
    return seal(json.dumps(target), about(channel))


def about(channel: Channel) -> str:
    return f"channel {channel.key}"
