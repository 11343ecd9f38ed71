from django.urls import path

from projects.partnering.views import interests, posting, public

urlpatterns = [
    path("opportunities/", public.OpportunityListPage.as_view(), name="opportunity_list"),
    path("opportunities/own/", posting.OwnOpportunitiesPage.as_view(), name="opportunity_own"),
    path("opportunities/new/", posting.NewOpportunityPage.as_view(), name="opportunity_new"),
    path("opportunities/sent/", public.SentPage.as_view(), name="interest_sent"),
    path("opportunities/confirm/", public.ConfirmPage.as_view(), name="interest_confirm"),
    path("opportunities/<uuid:public_id>/", public.OpportunityPage.as_view(), name="opportunity_detail"),
    path("opportunities/<uuid:public_id>/apply/", public.ApplyPage.as_view(), name="interest_apply"),
    path(
        "opportunities/<uuid:public_id>/edit/", posting.EditOpportunityPage.as_view(), name="opportunity_edit"
    ),
    *(
        path(
            f"opportunities/<uuid:public_id>/{step}/",
            posting.OpportunityStepView.as_view(),
            {"step": step},
            name=f"opportunity_{step}",
        )
        for step in ("publish", "close", "withdraw")
    ),
    path("interests/", interests.InterestListPage.as_view(), name="interest_list"),
    path("interests/inbox/", interests.InterestInboxPage.as_view(), name="interest_inbox"),
    path("interests/settled/", interests.InterestSettledPage.as_view(), name="interest_settled"),
    path("interests/queue/", interests.InterestQueuePage.as_view(), name="interest_queue"),
    path("interests/<uuid:public_id>/", interests.InterestPage.as_view(), name="interest_detail"),
    path(
        "interests/<uuid:public_id>/answer/", interests.AnswerInterestView.as_view(), name="interest_answer"
    ),
    path(
        "interests/<uuid:public_id>/withdraw/",
        interests.WithdrawInterestView.as_view(),
        name="interest_withdraw",
    ),
]
