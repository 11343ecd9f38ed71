from django.urls import path

from projects.research import views

urlpatterns = [
    path("projects/", views.ProjectListPage.as_view(), name="project_list"),
    path("projects/<uuid:public_id>/", views.ProjectPage.as_view(), name="project_detail"),
]
