"""The outbox delivers at least once, tries again, and gives up where people can see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from foundation import lanes, outbox
from foundation.models import Message

pytestmark = pytest.mark.django_db
received: list[dict[str, object]] = []


@pytest.fixture(autouse=True)
def _topics():
    received.clear()

    @outbox.handles("test.fine")
    def fine(payload):
        received.append(payload)

    @outbox.handles("test.broken")
    def broken(payload):
        raise RuntimeError("壊れている")


def test_message_is_handed_over_once():
    outbox.emit("test.fine", {"n": 1})
    assert lanes.drain("messages") == 1
    assert lanes.drain("messages") == 0
    assert received == [{"n": 1}]


def test_same_key_is_written_once():
    outbox.emit("test.fine", {"n": 1}, key="k")
    outbox.emit("test.fine", {"n": 2}, key="k")
    lanes.drain("messages")
    assert received == [{"n": 1}]


def test_message_of_a_failed_transaction_is_never_sent():
    def act():
        outbox.emit("test.fine", {"n": 1})
        raise ValueError("halt")

    with pytest.raises(ValueError, match="halt"), transaction.atomic():
        act()
    assert lanes.drain("messages") == 0


def test_failing_handler_is_tried_later_and_does_not_hold_up_the_others():
    outbox.emit("test.broken", {})
    outbox.emit("test.fine", {"n": 2})
    lanes.drain("messages")
    message = Message.objects.get(topic="test.broken")
    assert (message.attempts, message.done_at) == (1, None)
    assert message.available_at > timezone.now()
    assert received == [{"n": 2}]


def test_message_is_dead_after_the_last_attempt_and_keeps_its_error():
    outbox.emit("test.broken", {})
    for _attempt in range(outbox.MAX_ATTEMPTS):
        Message.objects.update(available_at=timezone.now() - timedelta(seconds=1))
        lanes.drain("messages")
    message = Message.objects.get()
    assert message.dead_at is not None
    assert "壊れている" in message.last_error
    assert not outbox.has_open()
