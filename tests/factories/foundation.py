"""Builders for the ground floor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from actors.models import User
from foundation.models import Export, Job


def make_export(user: User, state: str = Job.State.SUCCEEDED, **fields: Any) -> Export:
    """An export as it stands in somebody's history; no worker was ever at it."""
    job = Job.objects.create(
        kind="test", requested_by_id=user.pk, state=state, available_at=datetime(2025, 4, 1, tzinfo=UTC)
    )
    return Export.objects.create(
        **{
            "kind": "test.rows",
            "label": "試しの一覧（XLSX）",
            "format": Export.Format.XLSX,
            "requested_by_id": user.pk,
            "job": job,
            **fields,
        }
    )
