"""Reads a drive: read-only, past the page cache (O_DIRECT), or with the cache thrown away before where that cannot be had."""

from __future__ import annotations

import array
import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from turnup.erasure.proof import Extent

_SIZE_OF, _FLUSH = 0x80081272, 0x1261  # BLKGETSIZE64, BLKFLSBUF
_AT_ONCE = 4 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Source:
    """An open drive. `direct`: nothing that is read comes from a cache of this machine."""

    descriptor: int
    direct: bool

    def size(self) -> int:
        """In bytes, as the kernel says."""
        found = array.array("Q", [0])
        fcntl.ioctl(self.descriptor, _SIZE_OF, found)
        return found[0]

    def read(self, extents: Iterator[Extent]) -> Iterator[tuple[Extent, bytes]]:
        """Each extent with its bytes; extents that follow on each other are read together. Short at the end of the drive."""
        buffer = mmap.mmap(-1, _AT_ONCE)  # begins at a page's, as O_DIRECT wants it
        for run in _runs(extents):
            start, length = run[0].offset, run[-1].offset + run[-1].length - run[0].offset
            got = os.preadv(self.descriptor, [memoryview(buffer)[:length]], start)
            while got < length and (more := os.pread(self.descriptor, length - got, start + got) if not self.direct else b""):
                buffer[got : got + len(more)] = more
                got += len(more)
            for extent in run:
                begin = extent.offset - start
                yield extent, buffer[begin : min(begin + extent.length, max(begin, got))]


def _runs(extents: Iterator[Extent]) -> Iterator[list[Extent]]:
    run: list[Extent] = []
    for extent in extents:
        if run and (extent.offset != run[-1].offset + run[-1].length or extent.offset + extent.length - run[0].offset > _AT_ONCE):
            yield run
            run = []
        run.append(extent)
    if run:
        yield run


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The drive, open for reading; what this machine had of it in memory is written out and thrown away."""
    try:
        descriptor, direct = os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC), True
    except OSError:
        descriptor, direct = os.open(path, os.O_RDONLY | os.O_CLOEXEC), False
    try:
        fcntl.ioctl(descriptor, _FLUSH)
        if not direct:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        yield Source(descriptor, direct)
    finally:
        os.close(descriptor)
