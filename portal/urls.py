"""Every address of the portal, put together from the floors below."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.home.urls")),
    path("", include("portal.health")),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.comparing.urls")),
    path("", include("actors.urls")),
    path("", include("ecosystems.urls")),
    path("", include("visions.urls")),
    path("", include("projects.urls")),
    path("", include("kpis.urls")),
    path("", include("foundation.urls")),
    path("api/", include("portal.api")),
]
