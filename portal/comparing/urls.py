from django.urls import path

from portal.comparing import views

app_name = "comparing"
urlpatterns = [
    path("forums/compare/", views.ComparePage.as_view(), name="forums"),
    path("forums/compare/export/", views.CompareExport.as_view(), name="export"),
]
