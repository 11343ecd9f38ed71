"""The API's composition: every floor's resources under /api/v1/, with the OpenAPI document."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
