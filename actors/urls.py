from django.urls import path

from actors.views import communities, organizations

app_name = "actors"
urlpatterns = [
    path("organizations/", organizations.OrganizationListPage.as_view(), name="organization_list"),
    path(
        "organizations/<uuid:public_id>/",
        organizations.OrganizationPage.as_view(),
        name="organization_detail",
    ),
    path("communities/", communities.CommunityListPage.as_view(), name="community_list"),
    path("communities/new/", communities.CommunityFoundPage.as_view(), name="community_found"),
    path("communities/<uuid:public_id>/", communities.CommunityPage.as_view(), name="community_detail"),
    path(
        "communities/<uuid:public_id>/edit/", communities.CommunityEditPage.as_view(), name="community_edit"
    ),
    path(
        "communities/<uuid:public_id>/members/",
        communities.CommunityMembersPage.as_view(),
        name="community_members",
    ),
    path(
        "communities/<uuid:public_id>/members/<uuid:member_id>/",
        communities.CommunityMemberPage.as_view(),
        name="community_member",
    ),
    path(
        "communities/<uuid:public_id>/members/<uuid:member_id>/strike/",
        communities.CommunityMemberStrike.as_view(),
        name="community_member_strike",
    ),
]
