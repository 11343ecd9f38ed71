from django.urls import path

from actors import views

app_name = "actors"
urlpatterns = [
    path("organizations/", views.OrganizationListPage.as_view(), name="organization_list"),
    path("organizations/<uuid:public_id>/", views.OrganizationPage.as_view(), name="organization_detail"),
]
