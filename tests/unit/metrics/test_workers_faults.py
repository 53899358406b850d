"""A group in trouble: no space, no lock, strange files, and looks that fall into a fold."""

from __future__ import annotations

import errno
import os

import pytest

from exai_sre.errors import StoreError
from exai_sre.metrics.cell_records import SeriesKey
from exai_sre.metrics.mmap_cells import MmapStore
from exai_sre.metrics.multiprocess import Workers
from exai_sre.metrics.multiprocess_files import ARCHIVE, CellDirectory, CellFile
from exai_sre.metrics.multiprocess_fold import archive_content
from tests.unit.metrics.workers_group import SERVED, Worker, cell_files


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "group"


def test_a_process_that_stops_with_the_lock_in_hand_stops_nobody_else(directory, monkeypatch):
    monkeypatch.setattr("exai_sre.metrics.mmap_cells._PATIENCE", 0.0)
    worker = Worker(directory)
    with CellDirectory(directory).admitting(0.0) as had:
        assert had
        worker.calls.labels(client="a").inc()
    assert worker.read()['calls_total{client="a"}'] == 1


def test_a_directory_that_cannot_be_used_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="local file system"):
        Workers(tmp_path / "file" / "group")


def test_a_file_that_cannot_be_made_is_refused(directory, monkeypatch):
    group = CellDirectory(directory)
    monkeypatch.setattr(os, "open", failing(errno.ENOSPC))
    with pytest.raises(StoreError, match="No space left"):
        group.create()


def failing(code):
    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    return fail


def test_a_group_whose_lock_never_comes_free_is_refused(directory, monkeypatch):
    CellDirectory(directory)
    monkeypatch.setattr("exai_sre.metrics.multiprocess_files._PATIENCE", 0.01)
    with CellDirectory(directory).locked() as had:
        assert had
        with pytest.raises(StoreError, match="does not go on"):
            CellDirectory(directory)


def test_with_no_space_left_a_process_goes_on_alone_and_says_so(directory, monkeypatch, caplog):
    worker, reader = Worker(directory), Worker(directory)
    worker.calls.labels(client="a").inc()
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.ENOSPC))
    many = worker.workers.catalog.histogram("b_seconds", "B.", buckets=tuple(map(float, range(1, 1700))), chart=SERVED)
    many.labels().observe(3.0)
    worker.calls.labels(client="a").inc()
    assert many.labels().count == 1
    assert reader.read()['calls_total{client="a"}'] == 2
    assert "shared_cells_lost" in caplog.text


def test_folding_that_fails_loses_nothing_and_is_tried_again(directory, monkeypatch, caplog):
    first, second = Worker(directory), Worker(directory)
    second.calls.labels(client="a").inc()
    second.die()
    with monkeypatch.context() as broken:
        broken.setattr(CellDirectory, "replace_archive", failing(errno.ENOSPC))
        first.workers.fold()
        assert first.read()['calls_total{client="a"}'] == 1
    assert "metrics_folding_failed" in caplog.text
    assert len(cell_files(directory)) == 2
    first.workers.fold()
    assert first.read()['calls_total{client="a"}'] == 1
    assert ARCHIVE in cell_files(directory)


def test_an_archive_that_cannot_be_written_leaves_nothing_behind(directory, monkeypatch):
    group = CellDirectory(directory)
    monkeypatch.setattr("pathlib.Path.replace", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        group.replace_archive(b"x")
    assert cell_files(directory) == {}


def test_cells_that_others_read_belong_to_an_instrument(directory):
    group = CellDirectory(directory)
    store = MmapStore(group, lambda _instrument: ())
    with pytest.raises(ValueError, match="belong to an instrument"):
        store.allocate(1)
    store.close()


def test_a_file_that_is_not_ready_or_not_ours_holds_nothing(directory):
    group = CellDirectory(directory)
    for name, content in (("worker-a.cells", b""), ("worker-b.cells", bytes(8192)), ("worker-c.cells", b"x" * 9000)):
        (directory / name).write_bytes(content)
        file = CellFile(directory / name)
        assert file.read_on() == []
        file.close()
    assert len(group.names()) == 3
    worker = Worker(directory)
    worker.calls.labels(client="a").inc()
    assert worker.read()['calls_total{client="a"}'] == 1


def test_while_one_process_folds_another_leaves_it_alone(directory):
    first, second = Worker(directory), Worker(directory)
    second.calls.labels(client="a").inc()
    second.die()
    with CellDirectory(directory).locked():
        first.workers.fold()
        assert first.read()['calls_total{client="a"}'] == 1
    assert len(cell_files(directory)) == 2
    first.workers.fold()
    assert first.read()['calls_total{client="a"}'] == 1
    assert ARCHIVE in cell_files(directory)


def test_a_look_that_falls_into_a_fold_is_repeated(directory, monkeypatch):
    """The file goes, and the archive comes, between the list of files and the opening of the file."""
    dead, folder, reader = Worker(directory), Worker(directory), Worker(directory)
    dead.calls.labels(client="a").inc()
    dead.die()
    names, looks = CellDirectory.names, []

    def listed_then_folded(group):
        found = names(group)
        if group is reader.workers.directory and not looks:
            looks.append(found)
            folder.workers.fold()
        return found

    monkeypatch.setattr(CellDirectory, "names", listed_then_folded)
    assert reader.read()['calls_total{client="a"}'] == 1
    assert ARCHIVE in cell_files(directory)


def test_looking_ends_where_archives_come_faster_than_they_can_be_read(directory, monkeypatch):
    worker = Worker(directory)
    worker.calls.labels(client="a").inc()
    marks = iter(range(10_000))
    monkeypatch.setattr(CellDirectory, "archive_mark", lambda _group: (next(marks), 0))
    assert worker.read()['calls_total{client="a"}'] == 1


def test_what_was_left_half_made_is_removed(directory):
    worker = Worker(directory)
    (directory / "worker-1-abc.cells.new").write_bytes(b"x")
    Worker(directory)
    assert not [name for name in cell_files(directory) if name.endswith(".new")]
    worker.die()


def test_what_others_are_writing_in_the_directory_is_left_alone(directory):
    Worker(directory).die()
    (directory / "slo.new").write_text("{}")
    Worker(directory).die()
    assert (directory / "slo.new").exists()


def test_a_series_made_by_a_process_that_dies_between_the_looks_of_a_fold_is_folded(directory, monkeypatch):
    first, second = Worker(directory), Worker(directory)
    second.calls.labels(client="a").inc()
    remove_unfinished = CellDirectory.remove_unfinished

    def while_another_dies(group):
        remove_unfinished(group)
        second.calls.labels(client="late").inc(3)
        second.die()

    monkeypatch.setattr(CellDirectory, "remove_unfinished", while_another_dies)
    first.workers.fold()
    assert ARCHIVE in cell_files(directory)
    assert first.read() == {'calls_total{client="a"}': 1, 'calls_total{client="late"}': 3}


def test_a_record_whose_key_says_nothing_is_passed_over(directory, monkeypatch):
    worker = Worker(directory)
    with monkeypatch.context() as odd:
        odd.setattr("exai_sre.metrics.cell_records.SeriesKey.encode", lambda _key: b"?")
        worker.calls.labels(client="a").inc()
    worker.calls.labels(client="b").inc()
    assert worker.read() == {'calls_total{client="b"}': 1}


def test_a_series_that_nobody_has_any_more_is_not_archived(directory):
    key = SeriesKey("c", "gone_total", "", ())
    directory.mkdir()
    (directory / ARCHIVE).write_bytes(archive_content([(key, [])], ["a file"]))
    archive = CellFile(directory / ARCHIVE)
    assert archive.read_on() == []
    assert archive.absorbed == ("a file",)
    assert archive.dead
    archive.close()
