"""Addresses of forums, of what they decide, and of public record."""

from django.urls import path

from ecosystems.views import forums, meetings, records, voice_work, voices

app_name = "ecosystems"
urlpatterns = [
    path("forums/", forums.ForumListPage.as_view(), name="forum_list"),
    path("forums/<uuid:public_id>/", forums.ForumPage.as_view(), name="forum_detail"),
    path("forums/<uuid:public_id>/decisions/", meetings.DecisionListPage.as_view(), name="decision_list"),
    path("forums/<uuid:public_id>/agenda/", meetings.AgendaPage.as_view(), name="agenda"),
    path("cases/", records.CaseListPage.as_view(), name="case_list"),
    path("cases/<uuid:public_id>/", records.CasePage.as_view(), name="case_detail"),
    path("voices/", voices.VoiceListPage.as_view(), name="voice_list"),
    path("voices/ask/", voices.AskPage.as_view(), name="voice_ask"),
    path("voices/receipt/<uuid:receipt_id>/", voices.ReceiptPage.as_view(), name="voice_receipt"),
    path("voices/queue/", voice_work.VoiceQueuePage.as_view(), name="voice_queue"),
    path("voices/enter/", voice_work.EnterPage.as_view(), name="voice_enter"),
    path("voices/<uuid:public_id>/", voices.VoicePage.as_view(), name="voice_detail"),
    path("voices/<uuid:public_id>/work/", voice_work.VoiceWorkPage.as_view(), name="voice_work"),
    path("roadmap/<uuid:public_id>/", records.RoadmapPage.as_view(), name="roadmap"),
]
