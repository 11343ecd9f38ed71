"""Loading the whole sample: all of it or nothing, once."""

from __future__ import annotations

from django.db import transaction

from ecosystems.models import Forum
from foundation import audit, lanes
from kpis.models import Measurement
from portal.sample.figures import load_figures
from portal.sample.forum import load_case, load_forum
from portal.sample.indicators import load_indicators
from portal.sample.people import load_people
from portal.sample.public_record import load_public_record
from portal.sample.tables import document
from portal.sample.timeline import Timeline
from portal.sample.visions import load_projects, load_visions
from portal.sample.world import World


def is_loaded() -> bool:
    """Whether the fictitious forum is there already."""
    return Forum.objects.filter(code=document("forum")["id"], is_fictitious=True).exists()


def load() -> Forum:
    """Load everything in one transaction, then work the lanes until every figure is rolled up and sealed."""
    with transaction.atomic():
        forum = _load()
    lanes.drain_all()
    return forum


def _load() -> Forum:
    world, timeline = World(), Timeline()
    load_people(world)
    load_forum(world)
    load_visions(world)
    load_projects(world)
    load_indicators(world)
    load_case(world)
    load_figures(world, timeline)
    load_public_record(world, timeline)
    timeline.play()
    audit.record(
        world.actor, "portal.load_sample", world.forum, after={"measurements": Measurement.objects.count()}
    )
    return world.forum
