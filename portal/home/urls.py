"""The first pages. What only the roof knows of figures registers here, where every process passes that serves pages."""

from django.urls import path

from portal.home import views

app_name = "portal"
urlpatterns = [
    path("", views.TopPage.as_view(), name="top"),
    path("home/", views.HomePage.as_view(), name="home"),
    path("acting-for/", views.ActingForPage.as_view(), name="switch"),
]
