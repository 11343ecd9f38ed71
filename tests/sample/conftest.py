"""The sample, loaded once for a module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from portal.sample import loader


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The whole sample, loaded once for the module and taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        loader.load()
        yield
        transaction.set_rollback(True)
