"""Pages of communities: the list, one with its network, and what its keeper edits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from actors import ties
from actors.filters import CommunityFilter
from actors.forms import CommunityForm, NewMemberForm, PartForm
from actors.models import Community, CommunityMember, Organization, Person, Post
from actors.pages import Crumb, OpenPage, crumb
from actors.selectors import communities_for_list, members_for_page, members_to_choose
from actors.services import communities as services
from foundation.errors import LostEdit
from foundation.idempotency import submitted_once
from foundation.pages import ListPage, ObjectPage, SectionMixin, ServiceForm, StaffPage

SECTION = "communities"
WITH_PLACES = "all"


def community_crumbs(*rest: Crumb) -> list[Crumb]:
    return [crumb(_("コミュニティ"), reverse("actors:community_list")), *rest]


def address_of(community: Community, page: str = "community_detail") -> str:
    return reverse(f"actors:{page}", args=[community.public_id])


class CommunityListPage(OpenPage, ListPage):
    """コミュニティ: found by value and by words."""

    model = Community
    filterset_class = CommunityFilter
    template_name = "actors/community_list.html"
    section = SECTION
    title = gettext_lazy("コミュニティ")

    def scoped(self) -> QuerySet[Any]:
        return communities_for_list(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        today = timezone.localdate()
        for community in context["page_obj"]:
            current = [each for each in community.seen_members if each.is_active_on(today)]
            keys = {each.organization_id or -each.person_id for each in current}
            community.member_count = len(keys)
            leaders = (each.organization or each.person for each in current if each.is_leader)
            community.leaders = list(dict.fromkeys(each for each in leaders if each is not None))
        return {**context, "can_found": bool(self.actor.post_ids)}


class CommunityPage(OpenPage, ObjectPage):
    """One community: who leads it, who belongs to it, what ties them, and what stands out in that."""

    model = Community
    template_name = "actors/community_detail.html"
    section = SECTION

    def scoped(self) -> QuerySet[Any]:
        rows = Community.objects.visible_to(self.actor).select_related("post__organization")
        return rows.with_can(self.actor, "change")

    def crumbs(self) -> list[Crumb]:
        return community_crumbs(crumb(self.object.name))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        community, with_places = self.object, self.request.GET.get("ties") == WITH_PLACES
        network = ties.network_of(community, self.actor, timezone.localdate(), with_places=with_places)
        return super().get_context_data(
            network=network,
            drawing=mark_safe(ties.drawn(network, community)),  # noqa: S308 (names are escaped where drawn)
            legend=ties.legend(network),
            with_places=with_places,
            tabs=self._tabs(with_places),
            actions=self._actions(),
            **kwargs,
        )

    def _tabs(self, with_places: bool) -> list[dict[str, Any]]:
        page = address_of(self.object)
        return [
            {"label": _("取組のつながり"), "url": f"{page}#ties", "current": not with_places},
            {
                "label": _("同じ場の構成員も含める"),
                "url": f"{page}?ties={WITH_PLACES}#ties",
                "current": with_places,
            },
        ]

    def _actions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"label": _("印刷する"), "print": True}]
        if self.object.can_change:
            found = [
                {"label": _("メンバーを編集"), "url": address_of(self.object, "community_members")},
                {"label": _("説明を編集"), "url": address_of(self.object, "community_edit")},
                *found,
            ]
        return found


# --- what the keeper edits -------------------------------------------------------------------------------------------


class Kept(StaffPage):
    """Something of a community that the actor may change: 404 where it cannot be seen, 403 where it can."""

    kwargs: dict[str, Any]

    @cached_property
    def community(self) -> Community:
        rows = Community.objects.visible_to(self.actor).with_can(self.actor, "change")
        found = get_object_or_404(rows.select_related("post"), public_id=self.kwargs["public_id"])
        if not found.can_change:
            raise PermissionDenied
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and hasattr(self, (request.method or "").lower()):
            self.community  # noqa: B018 (refused before anything is read of the form)
        return super().dispatch(request, *args, **kwargs)


class CommunityServiceForm(SectionMixin, ServiceForm):
    """What the forms have in common: performed once, and 422 for what cannot be read."""

    section = SECTION

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        handler = super().post
        return submitted_once(request, lambda: handler(request, *args, **kwargs))

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class KeptForm(Kept, CommunityServiceForm):
    """A form over a row with a revision: when somebody saved since, both versions stand beside each other (409)."""

    def save(self, form: Any) -> None:
        """Call the service. LostEdit becomes the page with both versions."""
        raise NotImplementedError

    def perform(self, form: Any) -> HttpResponse | None:
        try:
            self.save(form)
        except LostEdit as lost:
            return self._lost(form, lost)
        return None

    def _lost(self, form: Any, lost: LostEdit) -> HttpResponse:
        current = lost.details.get("current")
        if current is None:
            messages.error(self.request, lost.message)
            return redirect(self.get_success_url())
        form.data = form.data.copy()
        form.data["revision"] = str(current.revision)
        context = self.get_context_data(form=form, conflict=_both(form, current))
        return self.render_to_response(context, status=409)

    def crumbs(self) -> list[Crumb]:
        here = crumb(self.community.name, address_of(self.community))
        return community_crumbs(here, crumb(self.title))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(community=self.community, crumbs=self.crumbs(), **kwargs)


def _both(form: Any, current: Any) -> list[dict[str, Any]]:
    """Field by field, what is kept and what was typed."""
    rows = []
    for name, field in form.fields.items():
        if not field.widget.is_hidden:
            mine, theirs = _words(field, form.cleaned_data.get(name)), _words(field, getattr(current, name))
            rows.append({"label": field.label, "mine": mine, "theirs": theirs, "changed": mine != theirs})
    return rows


def _words(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        choices = dict(getattr(field, "choices", [])) or {"yes": _("はい"), "no": _("いいえ")}
        return str(choices["yes" if value else "no"])
    if isinstance(value, str) and hasattr(field, "choices"):
        return str(dict(field.choices).get(value, value))
    return "" if value is None else str(value)


class CommunityFoundPage(StaffPage, CommunityServiceForm):
    """コミュニティを登録する: by whoever holds a post, which then keeps it."""

    form_class = CommunityForm
    template_name = "actors/community_form.html"
    title = gettext_lazy("コミュニティの登録")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not self.actor.post_ids:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        posts = Post.objects.filter(pk__in=self.actor.post_ids).select_related("organization")
        return {**super().get_form_kwargs(), "posts": posts}

    def perform(self, form: Any) -> HttpResponse:
        fields = {name: value for name, value in form.cleaned_data.items() if name != "revision"}
        community = services.found_community(actor=self.actor, **fields)
        messages.success(self.request, _("登録しました。続けて、メンバーを登録してください。"))
        return redirect(address_of(community, "community_members"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("actors:community_list")
        return super().get_context_data(crumbs=community_crumbs(crumb(self.title)), back_url=back, **kwargs)


class CommunityEditPage(KeptForm):
    """コミュニティの説明を編集する."""

    form_class = CommunityForm
    template_name = "actors/community_form.html"
    title = gettext_lazy("説明の編集")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Open posts of one's own organisation, and the one that keeps it now."""
        own = Q(organization_id=self.actor.organization_id, closed_on=None) | Q(pk=self.community.post_id)
        posts = Post.objects.visible_to(self.actor).filter(own).select_related("organization")
        return {**super().get_form_kwargs(), "posts": posts}

    def get_initial(self) -> dict[str, Any]:
        community = self.community
        return {
            **{name: getattr(community, name) for name in (*services.DESCRIPTION, "revision")},
            "post": community.post and community.post.public_id,
        }

    def get_success_url(self) -> str:
        return address_of(self.community)

    def save(self, form: Any) -> None:
        fields = {**form.cleaned_data}
        seen = fields.pop("revision") or 0
        services.change_community(actor=self.actor, community=self.community, seen=seen, **fields)
        messages.success(self.request, _("保存しました。"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back_url=self.get_success_url(), **kwargs)


class CommunityMembersPage(KeptForm):
    """メンバーを編集する: all of them, and a search for whom to add."""

    form_class = NewMemberForm
    template_name = "actors/community_members.html"
    title = gettext_lazy("メンバーの編集")

    def get_initial(self) -> dict[str, Any]:
        return {"since_on": timezone.localdate(), "is_local": "yes"}

    def get_success_url(self) -> str:
        return address_of(self.community, "community_members")

    def save(self, form: Any) -> None:
        fields = {**form.cleaned_data}
        organization = self._chosen(Organization.objects.visible_to(self.actor), fields.pop("organization"))
        person = self._chosen(Person.objects.visible_to(self.actor), fields.pop("person"))
        member = services.add_member(
            actor=self.actor, community=self.community, organization=organization, person=person, **fields
        )
        messages.success(self.request, _("「%(member)s」を登録しました。") % {"member": member})

    def _chosen(self, rows: QuerySet[Any], public_id: Any) -> Any:
        return get_object_or_404(rows, public_id=public_id) if public_id else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = self.request.GET.get("q", "").replace("\0", "").strip()[:100]
        organizations, persons = members_to_choose(words, self.actor) if words else ([], [])
        today = timezone.localdate()
        members = list(members_for_page(self.actor).filter(community=self.community))
        return super().get_context_data(
            members=[(each, each.is_active_on(today)) for each in members],
            words=words,
            organizations=organizations,
            persons=persons,
            back_url=address_of(self.community),
            **kwargs,
        )


class OfMember(Kept):
    """One membership of the community in the address."""

    @cached_property
    def member(self) -> CommunityMember:
        rows = members_for_page(self.actor).filter(community=self.community)
        return get_object_or_404(rows, public_id=self.kwargs["member_id"])


class CommunityMemberPage(OfMember, KeptForm):
    """一つのメンバーの役割と期間を編集する."""

    form_class = PartForm
    template_name = "actors/community_member_form.html"
    title = gettext_lazy("メンバーの役割と期間")

    def get_initial(self) -> dict[str, Any]:
        member = self.member
        return {
            **{name: getattr(member, name) for name in (*services.PART, "revision")},
            "is_local": "yes" if member.is_local else "no",
        }

    def get_success_url(self) -> str:
        return address_of(self.community, "community_members")

    def save(self, form: Any) -> None:
        fields = {**form.cleaned_data}
        seen = fields.pop("revision") or 0
        services.change_member(actor=self.actor, member=self.member, seen=seen, **fields)
        messages.success(self.request, _("保存しました。"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            member=self.member,
            strike_url=reverse(
                "actors:community_member_strike", args=[self.community.public_id, self.member.public_id]
            ),
            back_url=self.get_success_url(),
            **kwargs,
        )


class CommunityMemberStrike(OfMember, View):
    """誤って登録したメンバーを取り消す. A second click finds nothing left to take back and goes the same way."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return submitted_once(request, self._perform)

    def _perform(self) -> HttpResponseBase:
        services.strike_member(actor=self.actor, member=self.member)
        messages.success(self.request, _("登録を取り消しました。"))
        return redirect(address_of(self.community, "community_members"))
