"""Addresses of the floor, one namespace; each room has its own list."""

from projects.partnering.urls import urlpatterns as partnering
from projects.reporting.urls import urlpatterns as reports
from projects.reporting.urls_outgoing import urlpatterns as outgoing
from projects.reporting.urls_rounds import urlpatterns as rounds
from projects.research.urls import urlpatterns as research

app_name = "projects"
urlpatterns = [*research, *rounds, *reports, *outgoing, *partnering]
