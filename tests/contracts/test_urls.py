"""Every address of the portal states its audience, and its view enforces the entrance that the table declares."""

from __future__ import annotations

import pytest
from django.contrib.auth.mixins import LoginRequiredMixin

from foundation.api.views import ScopedViewSet
from foundation.pages import PublicPage, StaffPage
from tests.access.addresses import Address, addresses
from tests.access.audience import AUDIENCE, SEES

OURS = [address for address in addresses() if not address.is_of_a_package]


def test_every_address_has_a_name() -> None:
    assert [address.route for address in addresses() if address.name.split(":")[-1].startswith("?")] == []


def test_every_address_declares_its_audience() -> None:
    missing = sorted({address.name for address in OURS} - AUDIENCE.keys())
    assert missing == [], f"add these to tests/access/audience.py: {missing}"


def test_no_audience_is_declared_for_an_address_that_is_gone() -> None:
    assert sorted(AUDIENCE.keys() - {address.name for address in OURS}) == []


def test_every_kind_of_object_in_a_path_says_who_sees_it() -> None:
    assert sorted({audience.of[0] for audience in AUDIENCE.values() if audience.of} - SEES.keys()) == []


@pytest.mark.parametrize("address", OURS, ids=lambda address: address.name)
def test_audience_names_an_object_for_each_argument(address: Address) -> None:
    audience = AUDIENCE.get(address.name)
    assert audience is None or len(audience.of) == len(address.arguments)


@pytest.mark.parametrize("address", OURS, ids=lambda address: address.name)
def test_entrance_of_a_view_class_is_the_declared_one(address: Address) -> None:
    view, audience = address.view_class, AUDIENCE.get(address.name)
    if view is None or audience is None:
        return
    guarded = issubclass(view, (StaffPage, LoginRequiredMixin))
    assert guarded == audience.signed_in, f"{view.__name__} and the table differ"


@pytest.mark.parametrize("address", OURS, ids=lambda address: address.name)
def test_view_classes_stand_on_one_of_the_bases_with_an_audience(address: Address) -> None:
    view = address.view_class
    if view is None or address.name == "api_schema":
        return
    assert issubclass(view, (StaffPage, PublicPage, LoginRequiredMixin, ScopedViewSet))
