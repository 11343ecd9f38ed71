"""A write that arrives twice is performed once."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection, connections
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone
from django.views import View
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from foundation import idempotency
from foundation.idempotency import IdempotentMixin, OnceFormMixin, once
from foundation.models import IdempotencyKey, Notice

pytestmark = pytest.mark.django_db


def _perform(user_id: int, title: str) -> Notice:
    return Notice.objects.create(user_id=user_id, topic="t", title=title, key=timezone.now().isoformat())


class Writing(IdempotentMixin, APIView):
    """Writes a notice; the title decides how it ends."""

    def post(self, request: Any) -> Response:
        notice = _perform(request.user.pk, request.data["title"])
        if request.data["title"] == "refused":
            raise ValidationError({"title": ["だめです。"]})
        if request.data["title"] == "conflict":
            return Response({"error": "x"}, status=409)
        headers = {"Location": f"/{notice.public_id}/"}
        return Response({"id": str(notice.public_id)}, status=201, headers=headers)


@pytest.fixture
def user() -> Any:
    return get_user_model().objects.create_user(email="ura@example.jp")


def _post(user: Any, title: str, key: str | None = "k-1", path: str = "/api/v1/x/", **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    request = APIRequestFactory().post(path, {"title": title, **more}, format="json", headers=headers)
    force_authenticate(request, user)
    return Writing.as_view()(request).render()


def test_the_same_request_gets_the_first_answer_again(user: Any) -> None:
    first, second = _post(user, "a"), _post(user, "a")
    assert (second.status_code, second.content, second["Location"]) == (201, first.content, first["Location"])
    assert second["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Notice.objects.count() == 1


def test_without_a_key_every_request_is_performed(user: Any) -> None:
    _post(user, "a", key=None)
    _post(user, "a", key=None)
    assert Notice.objects.count() == 2


def test_the_order_of_names_in_the_body_does_not_matter(user: Any) -> None:
    _post(user, "a", b=1, c=2)
    assert _post(user, "a", c=2, b=1)["Idempotent-Replayed"] == "true"


def test_a_key_used_for_something_else_is_refused(user: Any) -> None:
    _post(user, "a")
    answer = _post(user, "b")
    assert (answer.status_code, answer.data["error"]["code"]) == (422, "idempotency_key_reused")
    assert Notice.objects.count() == 1


def test_keys_of_different_people_and_places_do_not_meet(user: Any) -> None:
    other = get_user_model().objects.create_user(email="kikaku@example.jp")
    _post(user, "a")
    _post(other, "b")
    _post(user, "c", path="/api/v1/y/")
    assert Notice.objects.count() == 3


@pytest.mark.parametrize("title", ["refused", "conflict"])
def test_what_is_refused_leaves_nothing_and_may_be_sent_anew(user: Any, title: str) -> None:
    assert _post(user, title).status_code in (400, 409)
    assert (Notice.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert _post(user, "a").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "鍵", "k" * 201])
def test_a_key_that_is_none_is_refused(user: Any, key: str) -> None:
    answer = _post(user, "a", key=key)
    assert (answer.status_code, answer.data["error"]["code"]) == (400, "bad_idempotency_key")


def test_a_request_whose_twin_is_at_work_is_told_so(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.locks.try_exclusive", lambda name: False)
    answer = _post(user, "a")
    assert (answer.status_code, answer.data["error"]["code"]) == (409, "in_progress")
    assert Notice.objects.count() == 0


def test_keys_are_forgotten_after_seven_days(user: Any) -> None:
    _post(user, "a")
    assert idempotency.expire(timezone.now() + timedelta(days=6)) == 0
    assert idempotency.expire(timezone.now() + timedelta(days=8)) == 1


# Forms ------------------------------------------------------------------------------------------------------------


class Inner(View):
    """Writes a notice, or comes back with errors where no title was given."""

    def post(self, request: Any) -> Any:
        if not request.POST.get("title"):
            return HttpResponse("入力してください。")
        notice = _perform(1, request.POST["title"])
        return HttpResponseRedirect(f"/{notice.public_id}/")


class OnceView(OnceFormMixin, Inner):
    pass


@once
def function_view(request: Any) -> Any:
    return Inner().post(request)


def _submit(view: Any, user: Any, **data: str) -> Any:
    request = RequestFactory().post("/form/", data)
    request.user = user or AnonymousUser()
    return view(request)


VIEWS = [pytest.param(OnceView.as_view(), id="class"), pytest.param(function_view, id="function")]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("signed_in", [True, False])
def test_a_double_click_performs_once_and_leads_to_one_place(view: Any, user: Any, signed_in: bool) -> None:
    person = user if signed_in else None
    first = _submit(view, person, title="a", once="t-1")
    second = _submit(view, person, title="a", once="t-1")
    assert second.url == first.url
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_form_with_errors_may_be_sent_again(view: Any, user: Any) -> None:
    assert _submit(view, user, title="", once="t-1").status_code == 200
    assert _submit(view, user, title="a", once="t-1").status_code == 302


def test_two_forms_are_two_acts(user: Any) -> None:
    _submit(function_view, user, title="a", once="t-1")
    _submit(function_view, user, title="a", once="t-2")
    assert Notice.objects.count() == 2


def test_a_token_of_somebody_else_does_not_lead_to_their_page(user: Any) -> None:
    other = get_user_model().objects.create_user(email="kikaku@example.jp")
    first = _submit(function_view, user, title="a", once="t-1")
    assert _submit(function_view, other, title="b", once="t-1").url != first.url


def test_a_form_shows_a_new_token_every_time() -> None:
    page = Template("{% load once %}{% once_token %}{% once_token %}").render(Context())
    first, second = page.split("><")
    assert first.startswith('<input type="hidden" name="once" value="')
    assert first.rstrip(">") != f"<{second}".rstrip(">")


# Two at the same moment ---------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time anyway")
def test_of_many_requests_at_one_moment_one_is_performed(user: Any) -> None:
    assert connection.vendor == "postgresql"
    barrier, answers = threading.Barrier(8), []

    def send() -> None:
        barrier.wait()
        answers.append(_post(user, "a").status_code)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Notice.objects.count() == 1
    assert set(answers) <= {201, 409}
    assert 201 in answers
