"""What every endpoint shares: errors of one shape, scoped sets, closed parameters."""

import json
import uuid
from typing import Any

import django_filters
import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from drf_spectacular.generators import SchemaGenerator
from rest_framework import exceptions, routers, serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

import foundation.notices  # noqa: F401 (declares the rule that these tests rely on)
from foundation import context
from foundation.access import ANONYMOUS, Actor
from foundation.api import exception_handler
from foundation.api.fields import PublicIdField
from foundation.api.views import ReadOnlyScopedViewSet
from foundation.errors import DomainError, LostEdit, MultipleErrors, StateError
from foundation.models import Notice

pytestmark = pytest.mark.django_db


class NoticeSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = Notice
        fields = ["id", "title"]


class NoticeFilter(django_filters.FilterSet):
    title = django_filters.CharFilter()
    created = django_filters.DateFromToRangeFilter(field_name="created_at")

    class Meta:
        model = Notice
        fields: list[str] = []


class NoticeViewSet(ReadOnlyScopedViewSet):
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    ordering_fields = ("title",)

    @action(detail=True, methods=["post"])
    def fail(self, request: Any, public_id: str) -> Response:
        self.get_object()
        raise StateError("wrong_state", "この状態ではできません。", field="state")


class Naming(serializers.Serializer):
    notice = PublicIdField(queryset=Notice.objects.all())


router = routers.SimpleRouter()
router.register("notices", NoticeViewSet, basename="notice")
urlpatterns = router.urls


@pytest.fixture
def ura() -> Any:
    return get_user_model().objects.create_user(email="ura@example.jp")


@pytest.fixture
def other() -> Any:
    return get_user_model().objects.create_user(email="kikaku@example.jp")


def _notice(user: Any, title: str) -> Notice:
    return Notice.objects.create(user_id=user.pk, topic="t", title=title, key=title)


def _actor(user: Any) -> Actor:
    return Actor(user=user, label="試験 太郎（架空）")


def _call(user: Any, query: str = "", **kwargs: Any) -> Any:
    request = APIRequestFactory().get(f"/notices/{query}")
    request.actor = _actor(user) if user else ANONYMOUS
    view = NoticeViewSet.as_view({"get": "retrieve" if kwargs else "list"})
    return view(request, **kwargs).render()


# Errors -----------------------------------------------------------------------------------------------------------


ERRORS = [
    (DomainError("too_late", "受付は終わりました。", field="due"), 400, "too_late", {"due": ["受付は終わりました。"]}),
    (DomainError("too_late", "受付は終わりました。"), 400, "too_late", {}),
    (StateError("locked", "確定しています。"), 409, "locked", {}),
    (Http404(), 404, "not_found", {}),
    (PermissionDenied(), 403, "permission_denied", {}),
    (exceptions.NotAuthenticated(), 401, "not_authenticated", {}),
    (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", {}),
    (exceptions.ParseError(), 400, "parse_error", {}),
    (exceptions.Throttled(wait=3), 429, "throttled", {}),
    (exceptions.ValidationError({"name": ["必須です。"]}), 400, "invalid", {"name": ["必須です。"]}),
    (exceptions.ValidationError("だめです。"), 400, "invalid", {"non_field_errors": ["だめです。"]}),
    (
        exceptions.ValidationError({"rows": [{}, {"value": ["数字です。"]}]}),
        400,
        "invalid",
        {"rows[1].value": ["数字です。"]},
    ),
    (exceptions.ValidationError([{}, {"value": ["数字です。"]}]), 400, "invalid", {"[1].value": ["数字です。"]}),
    (DjangoValidationError({"name": ["必須です。"]}), 400, "invalid", {"name": ["必須です。"]}),
    (DjangoValidationError("だめです。"), 400, "invalid", {"non_field_errors": ["だめです。"]}),
    (
        MultipleErrors("cells", "2件の誤りがあります。", [
            DomainError("a", "数字です。", field="rows[0].value"),
            DomainError("b", "期限後です。"),
        ]),
        400,
        "cells",
        {"rows[0].value": ["数字です。"], "non_field_errors": ["期限後です。"]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "code", "fields"), ERRORS, ids=[f"{type(e).__name__} {c}" for e, _, c, _ in ERRORS]
)
def test_every_refusal_has_the_one_shape(
    error: Exception, status: int, code: str, fields: dict[str, Any]
) -> None:
    context.request_id.set("r-1")
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.status_code == status
    assert set(answer.data) == {"error"}
    assert set(answer.data["error"]) == {"code", "message", "fields", "request_id"}
    assert (answer.data["error"]["code"], answer.data["error"]["fields"]) == (code, fields)
    assert answer.data["error"]["request_id"] == "r-1"
    assert answer.data["error"]["message"]
    json.dumps(answer.data)


def test_a_lost_edit_brings_both_versions() -> None:
    answer = exception_handler(
        LostEdit("lost_edit", "ほかの人が先に保存しました。", details={"mine": 1, "theirs": 2}), {}
    )
    assert answer is not None
    assert answer.data["error"]["details"] == {"mine": 1, "theirs": 2}


def test_a_throttled_client_hears_when_to_come_back() -> None:
    answer = exception_handler(exceptions.Throttled(wait=3), {})
    assert answer is not None
    assert answer["Retry-After"] == "3"


def test_a_fault_of_ours_is_not_dressed_up() -> None:
    assert exception_handler(RuntimeError("bug"), {}) is None


def test_a_refusal_in_a_view_has_the_shape_too(ura: Any) -> None:
    notice = _notice(ura, "一")
    request = APIRequestFactory().post("/")
    request.actor = _actor(ura)
    answer = NoticeViewSet.as_view({"post": "fail"})(request, public_id=str(notice.public_id))
    assert (answer.status_code, answer.data["error"]["fields"]) == (
        409,
        {"state": ["この状態ではできません。"]},
    )


# Sets -------------------------------------------------------------------------------------------------------------


def test_a_list_holds_what_the_actor_may_see(ura: Any, other: Any) -> None:
    _notice(ura, "一")
    _notice(other, "二")
    data = _call(ura).data
    assert (data["count"], [row["title"] for row in data["results"]]) == (1, ["一"])
    assert set(data) == {"count", "next", "previous", "results"}
    assert _call(None).data["count"] == 0


def test_a_foreign_row_and_a_missing_one_are_answered_alike(ura: Any, other: Any) -> None:
    context.request_id.set("r-1")
    foreign = _call(ura, public_id=str(_notice(other, "二").public_id))
    missing = _call(ura, public_id=str(uuid.uuid4()))
    nonsense = _call(ura, public_id="1")
    assert foreign.status_code == missing.status_code == nonsense.status_code == 404
    assert foreign.content == missing.content == nonsense.content


def test_a_row_is_found_by_its_public_id(ura: Any) -> None:
    notice = _notice(ura, "一")
    assert _call(ura, public_id=str(notice.public_id)).data == {"id": str(notice.public_id), "title": "一"}


def test_answers_are_json_whatever_is_asked_for(ura: Any) -> None:
    request = APIRequestFactory().get("/notices/", headers={"Accept": "text/html,*/*"})
    request.actor = _actor(ura)
    assert NoticeViewSet.as_view({"get": "list"})(request).render()["Content-Type"] == "application/json"


# Parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["?title=一", "?created_after=2020-01-01", "?page=1&page_size=10", "?ordering=-title"]
)
def test_declared_parameters_are_taken(ura: Any, query: str) -> None:
    _notice(ura, "一")
    assert _call(ura, query).data["count"] == 1


@pytest.mark.parametrize("name", ["titel", "user_id", "title__startswith", "user__email", "created"])
def test_undeclared_parameters_are_refused(ura: Any, name: str) -> None:
    answer = _call(ura, f"?{name}=x")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, [name])


def test_a_single_row_takes_no_filters(ura: Any) -> None:
    assert _call(ura, "?title=x", public_id=str(_notice(ura, "一").public_id)).status_code == 400


@pytest.mark.parametrize("ordering", ["user_id", "-key", "title,body", "%3F"])
def test_undeclared_orderings_are_refused(ura: Any, ordering: str) -> None:
    answer = _call(ura, f"?ordering={ordering}")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["ordering"])


def test_rows_are_ordered_as_asked_and_always_completely(ura: Any) -> None:
    for title in ("b", "a", "c"):
        _notice(ura, title)
    assert [row["title"] for row in _call(ura, "?ordering=-title").data["results"]] == ["c", "b", "a"]
    assert [row["title"] for row in _call(ura).data["results"]] == ["b", "a", "c"]


def test_a_page_holds_at_most_two_hundred(ura: Any) -> None:
    Notice.objects.bulk_create(
        Notice(user_id=ura.pk, topic="t", title=str(number), key=str(number)) for number in range(201)
    )
    assert len(_call(ura, "?page_size=1000").data["results"]) == 200
    assert len(_call(ura).data["results"]) == 50


# Relations --------------------------------------------------------------------------------------------------------


def _named(user: Any, value: Any) -> Naming:
    request = APIRequestFactory().post("/")
    request.actor = _actor(user)
    naming = Naming(data={"notice": value}, context={"request": request})
    naming.is_valid()
    return naming


def test_a_relation_names_what_the_actor_may_see(ura: Any) -> None:
    notice = _notice(ura, "一")
    assert _named(ura, str(notice.public_id)).validated_data["notice"] == notice
    assert Naming(instance={"notice": notice}).data == {"notice": str(notice.public_id)}


def test_a_relation_to_a_foreign_row_is_refused_as_one_to_none(ura: Any, other: Any) -> None:
    foreign = _named(ura, str(_notice(other, "二").public_id)).errors
    missing = _named(ura, str(uuid.uuid4())).errors
    assert foreign == missing == _named(ura, "1").errors == _named(ura, {"a": 1}).errors
    assert foreign["notice"]


def test_a_relation_without_an_actor_names_nothing(ura: Any) -> None:
    naming = Naming(data={"notice": str(_notice(ura, "一").public_id)})
    assert not naming.is_valid()


# Schema -----------------------------------------------------------------------------------------------------------


def test_the_schema_knows_ids_filters_and_pages() -> None:
    schema = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)
    listing = schema["paths"]["/notices/"]["get"]
    names = {parameter["name"] for parameter in listing["parameters"]}
    assert {"title", "created_after", "created_before", "ordering", "page", "page_size"} <= names
    assert "/notices/{public_id}/" in schema["paths"]
