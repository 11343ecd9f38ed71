"""Writing to the outbox, and delivering what was written: at least once, with back-off, never silently lost."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from foundation import lanes
from foundation.models.outbox import Message

logger = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], None]
_handlers: dict[str, dict[str, Handler]] = {}
MAX_ATTEMPTS = 8


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Register a handler of a topic. It must be idempotent: a message may come twice, and where one of several
    handlers fails, all of them are called again."""

    def register(handler: Handler) -> Handler:
        _handlers.setdefault(topic, {})[f"{handler.__module__}.{handler.__qualname__}"] = handler
        return handler

    return register


def emit(topic: str, payload: dict[str, Any], *, key: str | None = None) -> None:
    """Write a message in the current transaction. The same `key` is written once only."""
    emit_all(topic, [(payload, key)])


def emit_all(topic: str, messages: Iterable[tuple[dict[str, Any], str | None]]) -> None:
    """Write many of one topic, each (payload, key), in one statement."""
    now = timezone.now()
    Message.objects.bulk_create(
        [Message(topic=topic, payload=payload, key=key, available_at=now) for payload, key in messages],
        ignore_conflicts=True,
    )
    lanes.wake("messages")


def _open() -> Any:
    return Message.objects.filter(done_at=None, dead_at=None, available_at__lte=timezone.now())


def has_open() -> bool:
    return bool(_open().exists())


def deliver_one() -> int:
    """Hand over the oldest open message; 1 if there was one. A failing handler is tried again later."""
    with transaction.atomic():
        rows = _open().order_by("available_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        message = rows.first()
        if message is None:
            return 0
        try:
            with transaction.atomic():
                for handler in _handlers[message.topic].values():
                    handler(message.payload)
        except Exception:  # noqa: BLE001 (whatever fails is noted on the message and shown)
            _failed(message, traceback.format_exc(limit=8))
        else:
            message.done_at = timezone.now()
            message.save(update_fields=["done_at"])
    return 1


def _failed(message: Message, error: str) -> None:
    """Note the error and when to try again; after MAX_ATTEMPTS the message is dead and shown to administrators."""
    message.attempts += 1
    message.last_error = error
    message.available_at = timezone.now() + timedelta(seconds=min(3600, 2**message.attempts))
    if message.attempts >= MAX_ATTEMPTS:
        message.dead_at = timezone.now()
    message.save(update_fields=["attempts", "last_error", "available_at", "dead_at"])
    logger.error("outbox %s failed (attempt %s)", message, message.attempts)


lanes.register("messages", pending=has_open, work=deliver_one)
