"""Servers that forget, stop and come back, with real ones of our own: every reminder still goes, and once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.utils import timezone

from config.embedded.engines import Engines
from config.embedded.processes import wait_until
from reminders import dispatcher, tasks
from reminders.models import OutboxMessage
from reminders.switch import read_switch
from tests.conftest import Worker, running_worker
from tests.reminders.rig import Rig, all_anew, due_messages, told
from tests.safety.torture import LONG

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]
MESSAGES = 40
SLOW = {"mode": "slow", "seconds": 0.02}


def sent(count: int) -> Callable[[], bool]:
    return lambda: OutboxMessage.objects.filter(state="sent").count() == count


# --- The broker of the other tests -----------------------------------------------------------------------------------
def test_a_flushed_broker_costs_one_tick(worker: Worker) -> None:
    """Wake-ups that Redis forgets are made anew by the next tick: the row is the truth."""
    due_messages(3)
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that the wake-ups lie in the broker
    tasks.tick_dispatch()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    os.kill(worker.process.pid, signal.SIGCONT)
    assert OutboxMessage.objects.filter(state="planned").count() == 3
    tasks.tick_dispatch()
    tasks.tick_dispatch()  # a second beat
    assert wait_until(sent(3), 20)
    assert len(worker.messages()) == 3


def test_six_hours_without_beat_catch_up_once_and_by_rule(worker: Worker) -> None:
    due_messages(2)
    stale = OutboxMessage.objects.first()
    assert stale is not None
    OutboxMessage.objects.filter(pk=stale.pk).update(not_after=timezone.now() - timedelta(minutes=1))
    for _ in range(3):
        tasks.tick_plan.delay()
        tasks.tick_dispatch.delay()
    assert wait_until(sent(1), 20)
    assert wait_until(lambda: OutboxMessage.objects.filter(state="expired", reason="too_late").count() == 1, 5)
    assert len(worker.messages()) == 1


def test_a_tick_without_broker_loses_nothing(settings: Any) -> None:
    due_messages(1)

    def broken(ids: list[int]) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        dispatcher.tick(broken, now=timezone.now())
    assert OutboxMessage.objects.get().state == "planned"


# --- A broker of our own that may be stopped --------------------------------------------------------------------------
class Broker:
    """A Valkey that only this test uses."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.url = engines_address(engines).redis_url()

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        assert self.engines.valkey is not None
        self.engines.valkey.stop()

    def start(self) -> None:
        assert self.engines.valkey is not None
        self.engines.valkey.start(engines_address(self.engines))


def engines_address(engines: Engines) -> Any:
    from config.embedded.addresses import EngineAddresses

    return EngineAddresses(engines.var_dir, engines.kind)


@pytest.fixture
def broker() -> Iterator[Broker]:
    engines = Engines(settings.VAR_DIR / "torture", kind="test", environ={"DATABASE_URL": "of the other tests"})
    engines.start()
    try:
        yield Broker(engines)
    finally:
        engines.stop()


class Beat:
    """Ticks of half a second, sent through the broker as beat sends them; a tick that cannot be sent is lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ticks = self.failed = 0

    def tick(self) -> None:
        try:
            with current_app.connection_for_write(url=self.url, transport_options={"max_retries": 0}) as connection:
                tasks.tick_dispatch.apply_async(connection=connection, expires=10, retry=False)  # type: ignore[call-arg]
            self.ticks += 1
        except Exception:  # noqa: BLE001 - whatever a broker that is going away answers
            self.failed += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        over = threading.Event()

        def beat() -> None:
            while not over.wait(0.5):
                self.tick()

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.mark.skipif(not os.environ.get("KINEPLAN_TORTURE"), reason="needs an idle machine: runs with make torture")
def test_a_broker_flushed_stopped_and_restarted_in_a_loop_loses_and_doubles_nothing(
    rig: Rig, broker: Broker, tmp_path: Path
) -> None:
    due_messages(MESSAGES)
    rig.provider.rules(SLOW)
    away, loops = (20, 8) if LONG else (2, 1)
    beat = Beat(broker.url)
    with running_worker(tmp_path, {"REDIS_URL": broker.url, **rig.provider.environment()}), beat.running():
        for _ in range(loops):
            _flushed_while_sending(rig, broker)
        _stopped_while_due(rig, broker, away)
        for _ in range(loops):
            _restarted_while_sending(rig, broker)
    told("broker flushed, stopped, restarted", rig.total, flush_loops=loops, restarts=loops + 1, ticks=beat.ticks,
         ticks_lost=beat.failed)  # fmt: skip


def _all_went_once(rig: Rig, seconds: float) -> None:
    assert wait_until(sent(MESSAGES), seconds), dict(rig.count())
    found = rig.count()
    assert (found["sent"], found["duplicates"], found["unknown"], found["lost"]) == (MESSAGES, 0, 0, 0)


def _flushed_while_sending(rig: Rig, broker: Broker) -> None:
    all_anew()
    for _ in range(5):
        broker.flush()
        time.sleep(0.1)
    _all_went_once(rig, 30)


def _stopped_while_due(rig: Rig, broker: Broker, seconds: float) -> None:
    broker.stop()
    all_anew()
    time.sleep(seconds)
    assert not OutboxMessage.objects.exclude(state="planned").exists()
    broker.start()
    _all_went_once(rig, 60)


def _restarted_while_sending(rig: Rig, broker: Broker) -> None:
    all_anew()
    wait_until(lambda: OutboxMessage.objects.filter(state="sent").exists(), 30)
    broker.stop()
    broker.start()
    _all_went_once(rig, 60)


# --- A restored copy --------------------------------------------------------------------------------------------------
def test_what_was_sent_does_not_go_again_from_a_copy_of_yesterday(rig: Rig) -> None:
    """The copy thinks that everything is due; it knows by itself that it is a copy, and starts paused."""
    due_messages(3)
    read_switch()
    assert rig.nursery.run({"do": "tick"}) == [0]
    assert rig.count()["sent"] == 3
    OutboxMessage.objects.update(state="planned", sent_at=None, token=None)  # what the backup of yesterday says
    switch = read_switch()
    switch.database_id = "another cluster:16384"
    switch.save()
    assert rig.nursery.run({"do": "tick"}, {"do": "tick"}) == [0, 0]
    assert rig.nursery.run({}) == [0]
    assert OutboxMessage.objects.filter(state="planned").count() == 3
    assert rig.count()["duplicates"] == 0
    assert set(rig.provider.accepted().values()) <= {1}
