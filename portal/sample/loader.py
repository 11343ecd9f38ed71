"""Loading the whole sample: all of it or nothing, once."""

from __future__ import annotations

from django.db import transaction

from ecosystems.models import Forum
from foundation import audit, lanes
from kpis.models import Measurement
from portal.sample.communities import load_communities
from portal.sample.compiled import load_compiled
from portal.sample.figures import load_figures
from portal.sample.forum import load_case, load_forum
from portal.sample.indicators import load_indicators
from portal.sample.opportunities import load_opportunities
from portal.sample.people import load_people
from portal.sample.projects import load_corrections, load_projects
from portal.sample.public_record import load_public_record
from portal.sample.reports import load_reports
from portal.sample.rounds import load_rounds
from portal.sample.tables import document
from portal.sample.timeline import Timeline
from portal.sample.visions import load_visions
from portal.sample.voices import load_plain_words, load_uses, load_voices
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
    load_corrections(world)
    load_plain_words(world)
    load_uses(world)
    load_case(world)
    load_rounds(world)
    load_opportunities(world)
    load_voices(world)
    load_communities(world)
    load_figures(world, timeline)
    load_reports(world, timeline)
    load_public_record(world, timeline)
    load_compiled(world, timeline)
    timeline.play()
    audit.record(
        world.actor, "portal.load_sample", world.forum, after={"measurements": Measurement.objects.count()}
    )
    return world.forum
