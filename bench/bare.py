"""The reference: plain, hand-tuned Django (DRF) views of the same rows, with login and the usual middleware."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import include, path
from django.utils import timezone
from rest_framework import generics, pagination, permissions, serializers

from ecosystems.models import Membership
from foundation.text import bigrams, search_terms
from kpis.models import Cell, Contribution, Indicator, IndicatorSheet, MeasurementEvent, Scorecard, Target
from projects.models import Opportunity

CURRENT = Prefetch("sheets", IndicatorSheet.objects.filter(superseded_at=None), to_attr="current")


def _forums(request: HttpRequest) -> list[int]:
    """The forums of the signed-in person: the least that a view with rights has to ask."""
    held = Membership.objects.filter(organization__posts__assignments__person__user=request.user)
    return list(held.values_list("forum_id", flat=True))


def _indicators(request: HttpRequest) -> Any:
    rows = Indicator.objects.filter(scorecard__forum__in=_forums(request))
    return rows.select_related("scorecard__forum", "post__organization").prefetch_related(CURRENT)


@login_required
def indicator_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(_indicators(request), 50).get_page(request.GET.get("page"))
    newest: dict[int, Cell] = {}
    for cell in Cell.objects.filter(indicator__in=[row.pk for row in page], basis="official", part_id=0):
        newest[cell.indicator_id] = cell
    return render(
        request, "bench/list.html", {"page": page, "rows": [(row, newest.get(row.pk)) for row in page]}
    )


@login_required
def indicator(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(_indicators(request), public_id=public_id)
    cells = Cell.objects.filter(indicator=row, part_id=0).order_by("period", "basis")
    events = MeasurementEvent.objects.filter(measurement__indicator=row).select_related("measurement")
    links = Contribution.objects.filter(parent=row).select_related("child")
    targets = Target.objects.filter(indicator=row)
    return render(
        request,
        "bench/detail.html",
        {"row": row, "cells": cells, "events": events, "links": links, "targets": targets},
    )


@login_required
def scorecard(request: HttpRequest, public_id: str) -> HttpResponse:
    card = get_object_or_404(Scorecard.objects.select_related("forum"), public_id=public_id)
    rows = list(_indicators(request).filter(scorecard=card))
    cells: dict[int, dict[str, list[Cell]]] = {row.pk: {"official": [], "provisional": []} for row in rows}
    for cell in Cell.objects.filter(indicator__in=rows, part_id=0).order_by("period"):
        cells[cell.indicator_id][cell.basis].append(cell)
    targets: dict[int, list[Target]] = {}
    for target in Target.objects.filter(indicator__in=rows, superseded_at=None).order_by("period"):
        targets.setdefault(target.indicator_id, []).append(target)
    table = [
        (row, cells[row.pk]["official"], cells[row.pk]["provisional"], targets.get(row.pk)) for row in rows
    ]
    return render(request, "bench/scorecard.html", {"card": card, "table": table})


def opportunities(request: HttpRequest) -> HttpResponse:
    """Open opportunities, the newest first, with words and counts: the same statements as the portal's list."""
    today = timezone.localdate()
    rows = Opportunity.objects.filter(Q(closes_on=None) | Q(closes_on__gte=today), state="open")
    if request.user.is_authenticated:
        rows = rows.filter(Q(visibility="public") | Q(visibility="members", forum__in=_forums(request)))
    else:
        rows = rows.filter(visibility="public")
    for term in search_terms(request.GET.get("q", "")):
        rows = rows.filter(search__contains=bigrams(term))
    columns = ("direction", "kind", "organization__kind")
    counted = list(rows.order_by().values_list(*columns).annotate(Count("pk")))
    facets: list[dict[str, int]] = [{}, {}, {}]
    for *values, count in counted:
        for facet, value in zip(facets, values, strict=True):
            facet[value] = facet.get(value, 0) + count
    shown = rows.select_related("organization").defer("search", "body").order_by("-published_at", "-id")[:20]
    context = {"rows": shown, "facets": facets, "total": sum(row[-1] for row in counted)}
    return render(request, "bench/opportunities.html", context)


class SheetSerializer(serializers.ModelSerializer[IndicatorSheet]):
    class Meta:
        model = IndicatorSheet
        exclude = ["id", "indicator", "decision"]

    first_period = serializers.CharField()
    last_period = serializers.CharField()
    baseline_period = serializers.CharField()


SHEET = SheetSerializer()  # one for all rows, as a hand-tuned view would


class IndicatorSerializer(serializers.ModelSerializer[Indicator]):
    """The same fields as the portal's list, the plain way."""

    id = serializers.UUIDField(source="public_id")
    scorecard = serializers.UUIDField(source="scorecard.public_id")
    post = serializers.UUIDField(source="post.public_id")
    sheet = serializers.SerializerMethodField()

    class Meta:
        model = Indicator
        fields = ["id", "scorecard", "code", "name", "position", "kind", "visibility", "post", "sheet"]

    def get_sheet(self, row: Any) -> Any:
        return SHEET.to_representation(row.current[0])


class Pages(pagination.PageNumberPagination):
    page_size = 50


class IndicatorApi(generics.ListAPIView[Indicator]):
    permission_classes = [permissions.IsAuthenticated]
    pagination_class = Pages
    serializer_class = IndicatorSerializer

    def get_queryset(self) -> Any:
        return _indicators(self.request).order_by("scorecard_id", "position", "id")


urlpatterns = [
    path("bare/indicators/", indicator_list),
    path("bare/indicators/<uuid:public_id>/", indicator),
    path("bare/scorecards/<uuid:public_id>/", scorecard),
    path("bare/opportunities/", opportunities),
    path("bare/api/indicators/", IndicatorApi.as_view()),
    path("", include("portal.urls")),
]
