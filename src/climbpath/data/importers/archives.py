"""Folders and zips as the files in them."""

import os
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from climbpath.data.importers.pieces import Source
from climbpath.errors import ClimbpathError

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a zip, and of an empty one."""
MOST_MEMBERS = 10_000
"""Files in a zip."""
LARGEST_DIRECTORY = 4 << 20
"""Bytes of the list of files in a zip, which is read into memory at once."""
MOST_UNPACKED = 8 << 30
"""Bytes that the files of a zip may unpack to, all together; they are read piece by piece."""


def files(path: Path, without: Collection[Path] = ()) -> list[Path]:
    """The path itself, or for a folder the files in it and its folders, by name; hidden ones and these left out."""
    if not path.is_dir():
        return [path]
    out = {one.resolve() for one in without}
    found = sorted(one for one in path.rglob("*") if one.is_file())
    visible = (one for one in found if not any(part.startswith(".") for part in one.relative_to(path).parts))
    return [one for one in visible if one.resolve() not in out]


def is_zip(path: Source) -> bool:
    """Whether a file is a zip; false where it cannot be read."""
    if not isinstance(path, Path) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP
    except OSError:
        return False


def _directory_size(path: Path) -> int:
    """The size of the list of files in a zip, as its end states it and zipfile believes; 0 where no end is found.

    APPNOTE.TXT of PKWARE, 4.3.14 to 4.3.16.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_536 - 22 - 20 - 56))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return 0
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\x06\x07":  # a long zip, whose numbers stand before
        return int.from_bytes(tail[end - 76 + 40 : end - 76 + 48], "little")
    return int.from_bytes(tail[end + 12 : end + 16], "little")


def members(path: Path) -> Iterator[zipfile.Path]:
    """The files in a zip. Raises ClimbpathError where it cannot be read or holds no files of problems."""
    try:
        if _directory_size(path) > LARGEST_DIRECTORY:
            raise ClimbpathError(f"the zip lists more than {MOST_MEMBERS:,} files: unpack it first")
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            names = {info.filename for info in infos}
            if any(name.endswith("data.pkl") for name in names):
                raise ClimbpathError(
                    "it is a PyTorch file, which holds a pickle and no problems: --model reads climbpath's checkpoints"
                )
            if "xl/workbook.xml" in names:
                raise ClimbpathError("it is an Excel workbook: save the sheet as CSV")
            if len(infos) > MOST_MEMBERS:
                raise ClimbpathError(f"the zip holds more than {MOST_MEMBERS:,} files: unpack it first")
            if sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise ClimbpathError(f"the zip unpacks to more than {MOST_UNPACKED >> 30} GiB: unpack it first")
            if not infos:
                raise ClimbpathError("the zip is empty")
            for info in sorted(infos, key=lambda info: info.filename):
                if not any(part.startswith((".", "__MACOSX")) for part in info.filename.split("/")):
                    yield zipfile.Path(archive, info.filename)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:  # names that are no text, new versions
        raise ClimbpathError(f"the zip is damaged or cut off ({error})") from None
    except OSError as error:
        raise ClimbpathError(f"it cannot be read: {error.strerror or error}") from None
