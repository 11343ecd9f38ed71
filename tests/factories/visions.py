"""Visions with a version in force, their themes and the events on the way."""

from __future__ import annotations

from itertools import count
from typing import Any

from ecosystems.models import Forum
from tests.factories.ecosystems import make_forum
from tests.factories.kpis import make_scorecard
from visions.models import Step, Theme, Vision, VisionVersion

_numbers = count(1)


def make_vision(forum: Forum | None = None, **fields: Any) -> Vision:
    """A vision with its scorecard of the same visibility and version 1.0 in force."""
    forum = forum or make_forum()
    fields.setdefault("name", f"試験ビジョン{next(_numbers)}（架空）")
    fields.setdefault("target_year", 2035)
    fields.setdefault("visibility", "public")
    card = make_scorecard(forum, name=fields["name"], visibility=fields["visibility"])
    vision = Vision.objects.create(forum=forum, scorecard=card, **fields)
    make_version(vision)
    return vision


def make_version(vision: Vision, number: str = "1.0", **fields: Any) -> VisionVersion:
    fields.setdefault("text", "浜の恵みを生かす。")
    fields.setdefault("plain_summary", "捨てていたものを売れるものに変えます。")
    fields.setdefault("is_current", True)
    return VisionVersion.objects.create(vision=vision, number=number, **fields)


def make_theme(vision: Vision, **fields: Any) -> Theme:
    number = next(_numbers)
    fields.setdefault("name", f"試験のテーマ{number}")
    fields.setdefault("position", number)
    return Theme.objects.create(vision=vision, **fields)


def add_step(theme: Theme, by_fiscal_year: int, text: str, **fields: Any) -> Step:
    return Step.objects.create(theme=theme, by_fiscal_year=by_fiscal_year, text=text, **fields)
