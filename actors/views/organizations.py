"""Pages of organisations: the list, and one with its codes, its part in the forums, its posts."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from actors import slots as places
from actors.filters import OrganizationFilter
from actors.models import Organization
from actors.pages import Crumb, OpenPage, crumb
from actors.prefectures import prefecture_name
from actors.selectors import communities_of_organizations, posts_of
from foundation import slots
from foundation.pages import ListPage, ObjectPage


class OrganizationListPage(OpenPage, ListPage):
    """機関: everybody who takes part somewhere, found by name, kind and prefecture."""

    model = Organization
    filterset_class = OrganizationFilter
    template_name = "actors/organization_list.html"
    section = "organizations"
    title = gettext_lazy("機関")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for organization in context["page_obj"]:
            organization.prefecture = prefecture_name(organization.prefecture_code)
        return context


class OrganizationPage(OpenPage, ObjectPage):
    """One organisation. Its posts are shown to signed-in people, who holds them to its own people."""

    model = Organization
    template_name = "actors/organization_detail.html"
    section = "organizations"

    def crumbs(self) -> list[Crumb]:
        return [crumb(_("機関"), reverse("actors:organization_list")), crumb(self.object.name)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        organization: Organization = self.object
        posts = (
            posts_of(organization, self.actor, timezone.localdate()) if self.actor.is_authenticated else []
        )
        return super().get_context_data(
            profile=profile(organization),
            memberships=slots.collect(places.MEMBERSHIPS, [organization], self.actor).get(
                organization.pk, []
            ),
            projects=slots.collect(places.PROJECTS, [organization], self.actor).get(organization.pk, []),
            communities=communities_of_organizations([organization.pk], self.actor, timezone.localdate()),
            posts=posts,
            **kwargs,
        )


def profile(organization: Organization) -> list[dict[str, Any]]:
    """Name and codes, as rows of label and value; codes that nobody entered are left out."""
    kind = organization.get_kind_display()
    if organization.company_type:
        kind = _("%(kind)s（%(type)s）") % {"kind": kind, "type": organization.get_company_type_display()}
    codes = [
        (_("都道府県"), prefecture_name(organization.prefecture_code)),
        (_("法人番号"), organization.corporate_number),
        (_("全国地方公共団体コード"), organization.municipality_code),
        ("ROR", organization.ror),
    ]
    rows = [
        (_("よみ"), organization.name_kana),
        (_("略称"), organization.short_name),
        (_("種別"), kind),
        *codes,
    ]
    facts: list[dict[str, Any]] = [{"label": label, "value": value} for label, value in rows if value]
    if organization.website:
        facts.append({"label": _("ウェブサイト"), "value": organization.website, "url": organization.website})
    return facts
