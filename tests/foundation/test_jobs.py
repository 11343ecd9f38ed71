"""Long jobs: progress, cancel, retry, and what happens when a worker dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from foundation import jobs, lanes
from foundation.access import system_actor
from foundation.errors import DomainError
from foundation.models import Job

pytestmark = pytest.mark.django_db
ACTOR = system_actor("試験")
runs: list[str] = []


@pytest.fixture(autouse=True)
def _kinds():
    runs.clear()

    @jobs.job("test.fine", "よい処理")
    def fine(progress):
        runs.append("fine")
        progress.step(1, 2, "半分")
        return {"rows": 2}

    @jobs.job("test.refused", "断る処理")
    def refused(progress):
        raise DomainError("no", "できません。")

    @jobs.job("test.broken", "壊れた処理")
    def broken(progress):
        runs.append("broken")
        raise RuntimeError("壊れている")


def enqueue(kind: str, **keywords) -> Job:
    return jobs.enqueue(ACTOR, kind, {}, **keywords)


def done(job: Job) -> Job:
    lanes.drain("jobs")
    job.refresh_from_db()
    return job


def test_job_runs_once_and_keeps_its_result():
    job = done(enqueue("test.fine"))
    assert (job.state, job.result, job.done, job.total) == ("succeeded", {"rows": 2}, 1, 2)
    assert lanes.drain("jobs") == 0


def test_same_key_is_the_same_job():
    assert enqueue("test.fine", unique_key="k").pk == enqueue("test.fine", unique_key="k").pk


def test_refusal_is_the_error_people_read():
    job = done(enqueue("test.refused"))
    assert (job.state, job.error) == ("failed", "できません。")


def test_waiting_job_can_be_cancelled():
    job = enqueue("test.fine")
    jobs.cancel(ACTOR, job)
    assert done(job).state == "cancelled"
    assert runs == []


def test_running_job_stops_at_its_next_step():
    job = enqueue("test.fine")
    claimed = jobs._claim()
    jobs.cancel(ACTOR, job)
    with pytest.raises(jobs.JobCancelled):
        jobs.Progress(claimed).step(1, 2)


def test_failing_job_is_tried_again_and_then_shown_as_failed():
    job = enqueue("test.broken")
    for _attempt in range(jobs.MAX_ATTEMPTS):
        Job.objects.update(available_at=timezone.now())
        done(job)
    job.refresh_from_db()
    assert (job.state, len(runs)) == ("failed", jobs.MAX_ATTEMPTS)
    assert "壊れている" in job.error


def test_job_of_a_dead_worker_is_taken_over():
    job = enqueue("test.fine")
    jobs._claim()
    assert lanes.drain("jobs") == 0
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert done(job).state == "succeeded"


def test_worker_that_lost_its_lease_cannot_finish_the_job():
    enqueue("test.fine")
    slow = jobs._claim()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs._claim()
    jobs._finish(slow, Job.State.SUCCEEDED, result={"rows": 99})
    assert Job.objects.get().state == "running"
    with pytest.raises(jobs.JobCancelled):
        jobs.Progress(slow).step(1, 1)


def test_job_that_kills_its_worker_each_time_ends_as_failed():
    job = enqueue("test.fine")
    for _death in range(jobs.MAX_ATTEMPTS):
        jobs._claim()
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert done(job).state == "failed"
    assert runs == []
