"""Addresses of the floor, one namespace; each room has its own list."""

from projects.research.urls import urlpatterns as research

app_name = "projects"
urlpatterns = [*research]
