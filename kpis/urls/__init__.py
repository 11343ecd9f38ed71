"""Addresses of the KPI pages: reading and writing, one namespace."""

from kpis.urls.reading import urlpatterns as reading
from kpis.urls.writing import urlpatterns as writing

app_name = "kpis"
urlpatterns = [*reading, *writing]
