"""Places on the page of a project that the rooms above fill."""

from foundation import slots

SECTIONS = "projects.project.sections"

slots.declare(
    SECTIONS,
    "プロジェクトのページの一区画: template（その区画の断片）と、断片が `section` として読む値",
)
