"""Pages on which figures are read."""

from django.urls import path

from kpis.views.contribution import ContributionQueueView, ContributionView
from kpis.views.indicator import IndicatorListPage, IndicatorPage
from kpis.views.scorecard import ScorecardLive, ScorecardPage
from kpis.views.why import WhyPage

urlpatterns = [
    path("scorecards/<uuid:public_id>/", ScorecardPage.as_view(), name="scorecard"),
    path("scorecards/<uuid:public_id>/live/", ScorecardLive.as_view(), name="scorecard_live"),
    path("indicators/", IndicatorListPage.as_view(), name="indicator_list"),
    path("indicators/<uuid:public_id>/", IndicatorPage.as_view(), name="indicator"),
    path("indicators/<uuid:public_id>/why/", WhyPage.as_view(), name="why"),
    path("contributions/", ContributionQueueView.as_view(), name="contribution_queue"),
    path("contributions/<uuid:public_id>/", ContributionView.as_view(), name="contribution"),
]
