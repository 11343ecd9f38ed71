from django.urls import path

from projects.research import uses
from projects.research.views.indicators import CorrectionPage, IndicatorsPage
from projects.research.views.reading import ProjectListPage, ProjectPage
from projects.research.views.registering import PartnerFound, RegisterPage
from projects.research.views.sections import FundingPage, OverviewPage, PartnersPage, TeamPage

urlpatterns = [
    path("projects/", ProjectListPage.as_view(), name="project_list"),
    path("projects/new/", RegisterPage.as_view(), name="project_register"),
    path("projects/new/partner/", PartnerFound.as_view(), name="partner_found"),
    path("projects/<uuid:public_id>/", ProjectPage.as_view(), name="project_detail"),
    path("projects/<uuid:public_id>/edit/", OverviewPage.as_view(), name="project_edit"),
    path("projects/<uuid:public_id>/partners/", PartnersPage.as_view(), name="project_partners"),
    path("projects/<uuid:public_id>/funding/", FundingPage.as_view(), name="project_funding"),
    path("projects/<uuid:public_id>/team/", TeamPage.as_view(), name="project_team"),
    path("projects/<uuid:public_id>/indicators/", IndicatorsPage.as_view(), name="project_indicators"),
    path("projects/<uuid:public_id>/corrections/new/", CorrectionPage.as_view(), name="project_correction"),
    path("projects/<uuid:public_id>/use/", uses.ProjectUsePage.as_view(), name="project_use"),
]
