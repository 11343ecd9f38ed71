"""Addresses of forums, of what they decide, and of public record."""

from django.urls import path

from ecosystems.views import forums, meetings, records

app_name = "ecosystems"
urlpatterns = [
    path("forums/", forums.ForumListPage.as_view(), name="forum_list"),
    path("forums/<uuid:public_id>/", forums.ForumPage.as_view(), name="forum_detail"),
    path("forums/<uuid:public_id>/decisions/", meetings.DecisionListPage.as_view(), name="decision_list"),
    path("forums/<uuid:public_id>/agenda/", meetings.AgendaPage.as_view(), name="agenda"),
    path("cases/", records.CaseListPage.as_view(), name="case_list"),
    path("cases/<uuid:public_id>/", records.CasePage.as_view(), name="case_detail"),
    path("roadmap/<uuid:public_id>/", records.RoadmapPage.as_view(), name="roadmap"),
]
