"""The process's own metrics, from a real and from a made-up proc file system."""

from __future__ import annotations

import asyncio
import os
import resource
import time

import pytest

from exai_sre.metrics import Catalog, exposition
from exai_sre.metrics.families import ProcessMetrics
from exai_sre.metrics.process import ProcessSampler, sample_loop_lag
from exai_sre.testing import VirtualClock


@pytest.fixture
def catalog():
    return Catalog()


@pytest.fixture
def metrics(catalog):
    return ProcessMetrics.declare(catalog)


def value(family):
    return family.labels().value


def test_the_figures_of_this_process_are_refreshed_before_each_exposition(catalog, metrics):
    ProcessSampler(metrics, version="1.2").attach(catalog)
    text = exposition(catalog)[0].decode()
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    assert 0 < value(metrics.cpu) <= used
    assert value(metrics.memory) > 1e6
    assert time.time() - 86400 < value(metrics.start_time) <= time.time()
    assert 'exai_build_info{version="1.2"} 1.0' in text


def test_open_file_descriptors_are_counted(catalog, metrics):
    sampler = ProcessSampler(metrics, version="1")
    sampler.refresh()
    before = value(metrics.open_fds)
    read, write = os.pipe()
    try:
        sampler.refresh()
        assert value(metrics.open_fds) == before + 2
    finally:
        os.close(read)
        os.close(write)


def test_cpu_time_never_goes_back(metrics):
    sampler = ProcessSampler(metrics, version="1")
    metrics.cpu.labels().inc(1e9)
    sampler.refresh()
    assert value(metrics.cpu) == 1e9


def test_without_proc_memory_is_the_peak_and_the_start_is_now(metrics, tmp_path):
    sampler = ProcessSampler(metrics, version="1", proc=tmp_path / "none")
    sampler.refresh()
    assert value(metrics.memory) > 1e6
    assert value(metrics.open_fds) == 0
    assert value(metrics.start_time) == pytest.approx(time.time(), abs=60)


def test_the_peak_is_in_bytes_on_macos_and_in_kibibytes_elsewhere(metrics, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    sampler = ProcessSampler(metrics, version="1", proc=tmp_path / "none")
    sampler.refresh()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert value(metrics.memory) == pytest.approx(peak, rel=0.1)


def test_proc_files_are_read_as_the_manual_says(metrics, tmp_path):
    proc = tmp_path / "self"
    (proc / "fd").mkdir(parents=True)
    (proc / "fd" / "0").touch()
    (proc / "statm").write_text("100 7 3 1 0 5 0")
    fields = ["S"] + ["0"] * 18 + [str(5 * os.sysconf("SC_CLK_TCK"))]
    (proc / "stat").write_text(f"1 (a) b) {' '.join(fields)} 0")
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1000\n")
    sampler = ProcessSampler(metrics, version="1", proc=proc)
    sampler.refresh()
    assert value(metrics.memory) == 7 * resource.getpagesize()
    assert value(metrics.open_fds) == 1
    assert value(metrics.start_time) == 1005


async def test_a_late_timer_is_observed_as_lag(metrics):
    clock, lag = VirtualClock(), metrics.loop_lag.labels()
    sampling = asyncio.create_task(sample_loop_lag(lag, clock=clock, interval=0.25))
    await clock.settle()
    clock.advance(0.25 + 0.4)
    await clock.settle()
    await clock.elapse(0.25)
    assert lag.count == 2
    assert lag.sum == pytest.approx(0.4)
    sampling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sampling
