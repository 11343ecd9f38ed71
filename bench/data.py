"""Rows for the page benchmarks: one scorecard of 60 indicators × 12 quarters, and 15,000 more indicators in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from actors.models import Assignment, Organization, Person, Post, User
from ecosystems.models import Forum, ForumDuty, Membership
from foundation.access import system_actor
from foundation.lanes import drain_all
from kpis.models import Indicator, IndicatorSheet, Scorecard
from kpis.periods import Grain, Period
from kpis.rules import Value
from kpis.services import ledger, sheets
from kpis.services.ledger import Entry, Signer
from kpis.services.targets import TargetInput, set_targets

SYSTEM = system_actor("bench")
YEARS = [Period.year(year) for year in (2023, 2024, 2025)]
QUARTERS = [quarter for year in YEARS for quarter in year.split(Grain.QUARTER)]
LISTED = 15_000


@dataclass(frozen=True)
class Built:
    """What the benchmarks ask for."""

    user: User
    scorecard: Scorecard
    indicator: Indicator


def build() -> Built:
    city = Organization.objects.create(name="計測市（架空）", kind="municipality", is_fictitious=True)
    forum = Forum.objects.create(name="計測の場（架空）", core_body=city, visibility="members")
    Membership.objects.create(forum=forum, organization=city, role="owner", joined_on=date(2020, 4, 1))
    post = Post.objects.create(organization=city, section="企画課", name="計測担当")
    ForumDuty.objects.create(forum=forum, post=post, duty="secretariat", from_on=date(2020, 4, 1))
    user = User.objects.create_user("bench@example.jp", "a long enough phrase")
    person = Person.objects.create(name="計測 太郎（架空）", user=user)
    Assignment.objects.create(post=post, person=person, from_on=date(2020, 4, 1))
    card = Scorecard.objects.create(forum=forum, name="計測のKPI一覧", post=post, visibility="members")
    indicators = [_indicator(card, post, number) for number in range(60)]
    _figures(indicators)
    drain_all()
    _list(forum, post)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return Built(user, card, indicators[7])


def _indicator(card: Scorecard, post: Post, number: int) -> Indicator:
    indicator = sheets.create_indicator(
        actor=SYSTEM,
        scorecard=card,
        code=f"K-{number + 1:02}",
        name=f"計測用の指標 その{number + 1}",
        position=number,
        post=post,
        sheet={
            "definition": "計測のための指標です。",
            "unit": "count",
            "grain": Grain.QUARTER,
            "first_period": QUARTERS[0],
            "baseline_period": Period.year(2022),
            "baseline_value": Decimal(100),
            "value": list(Value)[number % 4],
        },
    )
    targets = [TargetInput(year, Decimal(120 + 40 * step)) for step, year in enumerate(YEARS)]
    set_targets(actor=SYSTEM, indicator=indicator, targets=targets)
    return indicator


def _figures(indicators: list[Indicator]) -> None:
    entries = [
        Entry(indicator, period, "count", value=Decimal(20 + (place * 7 + step * 3) % 40))
        for place, indicator in enumerate(indicators)
        for step, period in enumerate(QUARTERS)
    ]
    with transaction.atomic():
        at = ledger.begin(indicator.pk for indicator in indicators)
        rows = ledger.record(entries, Signer(name="計測"), None, at)
        ledger.write_events(rows[: len(rows) - 60], "approved", Signer(name="確認"), at)


def _list(forum: Forum, post: Post) -> None:
    """Indicators without figures, 50 to a card, only to make a long list."""
    now = timezone.now()
    cards = Scorecard.objects.bulk_create(
        Scorecard(forum=forum, name=f"計測の一覧 {number}", post=post, visibility="members")
        for number in range(LISTED // 500)
    )
    rows = Indicator.objects.bulk_create(
        [
            Indicator(
                scorecard=cards[n % len(cards)],
                code=f"L-{n:05}",
                name=f"一覧の指標 {n}",
                position=n,
                post=post,
            )
            for n in range(LISTED)
        ],
        batch_size=2000,
    )
    IndicatorSheet.objects.bulk_create(
        [
            IndicatorSheet(
                indicator=row,
                version=1,
                definition="計測",
                unit="count",
                grain=3,
                time_rule="sum",
                attainment_rule="ratio_to_target",
                first_period=QUARTERS[0],
                recorded_at=now,
            )
            for row in rows
        ],
        batch_size=2000,
    )
