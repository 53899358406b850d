"""A directory with links and things of others in it, or none, or no descriptors left: writers notice nothing."""

from __future__ import annotations

import os
import resource
import shutil
from contextlib import suppress

import pytest

from exai_sre.errors import ExaiSreError
from exai_sre.metrics.multiprocess import Workers
from exai_sre.metrics.multiprocess_files import ARCHIVE, CellDirectory
from tests.unit.metrics.own_thread import ends
from tests.unit.metrics.workers_group import Worker, cell_files

ODD = "worker-1-odd.cells"


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "group"


SPOILED = {
    "removed": shutil.rmtree,
    "a folder": lambda directory: (directory / ODD).mkdir(),
    "a pipe": lambda directory: os.mkfifo(directory / ODD),
    "a link to itself": lambda directory: (directory / ODD).symlink_to(directory / ODD),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_whoever_counts_does_not_suffer_from_what_befalls_the_directory(directory, spoil):
    worker = Worker(directory)
    spoil(directory)
    # To open a pipe that nobody writes to would wait for ever.
    assert ends(worker.calls.labels(client="b").inc)
    assert worker.calls.labels(client="b").value == 1


def test_whoever_counts_does_not_suffer_from_a_want_of_descriptors(directory):
    worker = Worker(directory)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        worker.calls.labels(client="b").inc()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert worker.read()['calls_total{client="b"}'] == 1


@pytest.mark.parametrize("name", ["born", "lock", "seat", "admission"])
def test_no_link_in_the_directory_leads_a_write_out_of_it(directory, tmp_path, name):
    directory.mkdir()
    elsewhere = tmp_path / "elsewhere"
    (directory / name).symlink_to(elsewhere)
    with suppress(ExaiSreError, OSError):
        worker = Worker(directory)
        worker.calls.labels(client="a").inc()
        worker.workers.lead()
    assert not elsewhere.exists()


def test_a_file_of_another_user_is_passed_over(directory, monkeypatch):
    Worker(directory).calls.labels(client="a").inc()
    (theirs,) = cell_files(directory)
    opened = os.open

    def refused(path, *args, **kwargs):
        if os.fspath(path).endswith(theirs):
            raise PermissionError(path)
        return opened(path, *args, **kwargs)

    # Rights do not bind the superuser, as whom tests may run.
    monkeypatch.setattr(os, "open", refused)
    worker = Worker(directory)
    worker.calls.labels(client="b").inc()
    assert worker.read() == {'calls_total{client="b"}': 1}


def test_an_archive_is_written_anew_and_not_through_a_link(directory, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"theirs")
    group = CellDirectory(directory)
    (directory / f"{ARCHIVE}.new").symlink_to(elsewhere)
    group.replace_archive(b"ours")
    assert (directory / ARCHIVE).read_bytes() == b"ours"
    assert elsewhere.read_bytes() == b"theirs"


def test_the_life_of_a_directory_begins_once(directory):
    first = Workers(directory)
    since = first.merged.since
    assert since is not None
    assert Workers(directory).merged.since == since
    assert Workers().merged.since is None


def test_where_space_cannot_be_reserved_a_file_is_filled(directory, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")
    worker, reader = Worker(directory), Worker(directory)
    worker.calls.labels(client="a").inc(2)
    assert reader.read()['calls_total{client="a"}'] == 2
    for path in directory.glob("worker-*"):
        assert path.stat().st_blocks * 512 >= path.stat().st_size > 0
