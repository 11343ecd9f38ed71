from django.urls import path

from visions import views

app_name = "visions"
urlpatterns = [
    path("visions/", views.VisionListPage.as_view(), name="vision_list"),
    path("visions/<uuid:public_id>/", views.VisionPage.as_view(), name="vision_detail"),
    path("visions/<uuid:public_id>/plain/", views.PlainVisionPage.as_view(), name="vision_plain"),
]
