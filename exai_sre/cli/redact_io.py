"""Files and streams of ``exai-sre redact``: opened whatever their encoding, replaced only as a whole."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Protocol

from exai_sre.errors import ExaiSreError

__all__ = ["Source", "Writable", "encoding_of", "opened", "replacing"]

_PIECE: Final = 64 * 1024
_GZIP: Final = b"\x1f\x8b"
_COMPRESSED: Final = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
}
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Which of four bytes in a row are zero where the text is mostly ASCII.
_BY_ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
}
_HEAD: Final = 64


class Writable(Protocol):
    """Where bytes can be written."""

    def write(self, data: bytes, /) -> object:
        """Take ``data``."""
        ...

    def flush(self) -> object:
        """Pass on what was taken."""
        ...


class Source:
    """A stream of text that is read in pieces and keeps its bytes.

    Attributes:
        name: what to call it: its path, or ``-`` for standard input.
        size: bytes, as far as known, else 0; of a compressed file those on disk.
        compressed: whether it is compressed with gzip.
        encoding: how its text is encoded.
    """

    def __init__(self, name: str, raw: IO[bytes], size: int) -> None:
        self.name = name
        self.size = size
        self._raw = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]
        head = self._raw.peek(_HEAD)[:_HEAD]
        self.compressed = head.startswith(_GZIP)
        kind = next((kind for start, kind in _COMPRESSED.items() if head.startswith(start)), None)
        if kind is not None:
            raise ExaiSreError(f"{name}: is compressed with {kind}", remedy="decompress it and pipe it in")
        self._text = gzip.GzipFile(fileobj=self._raw) if self.compressed else None
        self.encoding = "utf-8"
        with self._told():
            self.encoding = encoding_of(self._text.peek(_HEAD)[:_HEAD] if self._text else head)

    def pieces(self) -> Iterator[tuple[str, int]]:
        """The text as it comes, with the number of bytes read so far."""
        errors = "surrogateescape" if self.encoding == "utf-8" else "surrogatepass"
        decoder = codecs.getincrementaldecoder(self.encoding)(errors)
        source = self._text or self._raw
        read = 0
        with self._told():
            while piece := source.read1(_PIECE):
                read += len(piece)
                yield decoder.decode(piece), self._position(read)
            yield decoder.decode(b"", final=True), self._position(read)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of what cannot be read which file it is."""
        try:
            yield
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            kind = self.encoding if isinstance(error, UnicodeDecodeError) else "gzip"
            raise ExaiSreError(f"{self.name}: is no valid {kind}", remedy="check the file") from None

    def encoded(self, text: str) -> bytes:
        """``text`` in the encoding in which it came."""
        return text.encode(self.encoding, "surrogateescape" if self.encoding == "utf-8" else "surrogatepass")

    def _position(self, read: int) -> int:
        """Bytes of the file, or of what was read of a pipe, which knows no position."""
        with suppress(OSError, ValueError):
            return self._raw.tell()
        return read


def encoding_of(head: bytes) -> str:
    """The encoding of a text that begins with ``head``: by its mark, or by where its zero bytes stand; else UTF-8."""
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
    if marked is not None or b"\0" not in head:
        return marked or "utf-8"
    zeros = [_mostly_zero(head[at::4]) for at in range(4)]
    return _BY_ZEROS.get(tuple(zeros), "utf-8")


def _mostly_zero(column: bytes) -> bool:
    return 2 * column.count(0) > len(column)


@contextmanager
def opened(path: Path | None, standard_input: IO[bytes]) -> Iterator[Source]:
    """The file at ``path``, or standard input for ``None``.

    Raises:
        ExaiSreError: it is compressed in a way that cannot be read.
    """
    if path is None:
        yield Source("-", standard_input, 0)
        return
    with path.open("rb") as raw:
        yield Source(str(path), raw, os.fstat(raw.fileno()).st_size)


@contextmanager
def replacing(path: Path, *, compressed: bool) -> Iterator[Writable]:
    """A file that takes the place of ``path`` when all went well, with the same permissions; else nothing changes."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as raw:
            if compressed:
                with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as packed:
                    yield packed
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        os.chmod(name, target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
