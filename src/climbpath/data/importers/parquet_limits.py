"""How much memory a Parquet file may take, found out before Arrow reads it.

Arrow believes a file: a few bytes may state billions of values, a dictionary's longest text may be meant ten thousand
times, an encoding may make each text of the one before. So the footer and the heads of the pages are read here first,
in Python. (Apache Parquet, parquet.thrift; Thrift's compact protocol.)
"""

import os
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from climbpath.errors import ClimbpathError

LARGEST_FOOTER, MOST_STRUCTS, MOST_COLUMNS = 4 << 20, 100_000, 64
"""Bytes of the footer, parts of it, and lines of its schema; climbpath's footers have some 12,000 parts for a million
problems."""
LARGEST_GROUP, MOST_VALUES = 16 << 20, 1_000_000
"""Bytes of a row group, packed, unpacked, and of its texts where a dictionary has them; and its values. Climbpath's,
of 10,000 problems, take 2 MB and hold some 200,000."""
PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8
"""Encodings that make nothing longer than its page, or its dictionary's texts. (parquet.thrift, Encoding)"""
DATA, DICTIONARY, DATA_V2 = 0, 2, 3
"""Kinds of pages. (parquet.thrift, PageType)"""
BYTE_ARRAY = 6
"""The physical type of texts. (parquet.thrift, Type)"""
CODECS = {0: "uncompressed", 1: "snappy", 2: "gzip", 4: "brotli", 5: "lz4_raw", 6: "zstd", 7: "lz4_raw"}
"""Compression codecs by number, as Arrow names them; LZO, 3, is one that Arrow lacks. (parquet.thrift,
CompressionCodec)"""
TOO_LARGE = "write it again in row groups of 10,000 problems, as climbpath does"
DAMAGED = "the Parquet is damaged or cut off: "
DEEPEST = 16


class Chunk(NamedTuple):
    """Where a column of a row group lies in a file, as its footer says. (parquet.thrift, ColumnMetaData)"""

    kind: int
    """Its physical type."""
    codec: str
    """How it is compressed, as Arrow names it."""
    first: int
    """Where it begins, in bytes."""
    packed: int
    """Its size, compressed, in bytes."""


def check_footer(file: IO[bytes]) -> list[list[Chunk]]:
    """The column chunks of every row group. Raises ClimbpathError where a file's footer is damaged, or could take much
    memory.

    Arrow is not asked for them: it ends the process over one whose codec or statistics it does not know.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    length = int.from_bytes(file.read(4), "little")
    if not 0 < length <= size - 8:
        raise ClimbpathError(f"{DAMAGED}it has no footer, and may be cut off")
    if length > LARGEST_FOOTER:
        raise ClimbpathError(f"its footer is longer than {LARGEST_FOOTER >> 20} MB: split it")
    file.seek(size - 8 - length)
    footer = _Reader(file.read(length)).struct()
    if not isinstance(schema := footer.get(2), list) or len(schema) > MOST_COLUMNS:
        raise ClimbpathError("its columns are not those that climbpath writes")
    return [[_chunk(one) for one in _structs(group.get(1))] for group in _structs(footer.get(4, []))]


def _chunk(column: dict[int, Any]) -> Chunk:
    """The chunk of a ColumnChunk. Raises ClimbpathError where it has no known codec."""
    (told,) = _structs([column.get(3)])
    codec = CODECS.get(_whole(told, 4, -1))
    if codec is None:
        raise ClimbpathError(f"{DAMAGED}a column is compressed in a way that nobody knows")
    data, dictionary = _whole(told, 9, 0), _whole(told, 11, 0)
    first = min(data, dictionary) if dictionary > 0 else data
    return Chunk(_whole(told, 1, -1), codec, max(0, first), max(0, _whole(told, 7, 0)))


def _structs(found: Any) -> list[dict[int, Any]]:
    """A list of structs. Raises ClimbpathError where it is anything else."""
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ClimbpathError(f"{DAMAGED}its list of row groups is malformed")
    return found


def check_group(file: IO[bytes], chunks: Sequence[Chunk]) -> None:
    """Raises ClimbpathError where a row group of these chunks could take much memory."""
    packed = unpacked = texts = values = 0
    for chunk in chunks:
        packed += chunk.packed
        _limit("packed bytes", packed, LARGEST_GROUP)
        file.seek(chunk.first)
        longest, meant = 0, 0
        for kind, page, size, content in _pages(file.read(chunk.packed)):
            unpacked += size
            _limit("bytes", unpacked, LARGEST_GROUP)
            if kind == DICTIONARY:
                if chunk.kind == BYTE_ARRAY:
                    longest, count = _texts(_unpacked(content, size, chunk.codec))
                    values += count
                    _limit("values", values, MOST_VALUES)
                continue
            count, encoding = _whole(page, 1, 0), _whole(page, 4 if kind == DATA_V2 else 2, -1)
            if encoding not in (PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY):
                raise ClimbpathError("a column is encoded as climbpath encodes none")
            values += max(0, count)
            _limit("values", values, MOST_VALUES)
            meant += count if encoding in (PLAIN_DICTIONARY, RLE_DICTIONARY) else 0
        texts += longest * meant
        _limit("bytes of texts", texts, LARGEST_GROUP)


def _limit(what: str, number: int, most: int) -> None:
    if number > most:
        raise ClimbpathError(f"a part of it holds more than {most:,} {what}: {TOO_LARGE}")


def _pages(chunk: bytes) -> Iterator[tuple[int, dict[int, Any], int, bytes]]:
    """Of each page its kind, the head for that kind, its unpacked size in bytes, and its packed content."""
    reader = _Reader(chunk)
    while reader.at < len(chunk):
        head = reader.struct()
        kind, size, packed = (_whole(head, number, -1) for number in (1, 2, 3))
        page = head.get({DATA: 5, DICTIONARY: 7, DATA_V2: 8}.get(kind, 0))
        if not isinstance(page, dict) or size < 0 or packed < 0:
            raise ClimbpathError(f"{DAMAGED}a page has no head")
        yield kind, page, size, reader.take(packed)


def _whole(fields: dict[int, Any], number: int, missing: int) -> int:
    """A field that is a whole number. Raises ClimbpathError where it is anything else."""
    value = fields.get(number, missing)
    if not isinstance(value, int):
        raise ClimbpathError(f"{DAMAGED}a value that should be a number is not one")
    return value


def _unpacked(content: bytes, size: int, codec: str) -> bytes:
    """A page unpacked. Raises ClimbpathError where it is not of that size."""
    import pyarrow as pa

    if codec == "uncompressed":
        return content
    try:
        return bytes(pa.decompress(content, size, codec, asbytes=True))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ClimbpathError(f"{DAMAGED}a page cannot be unpacked ({error})") from None


def _texts(page: bytes) -> tuple[int, int]:
    """The length of the longest of the texts in a dictionary, each of which stands behind its length; their number."""
    longest = number = at = 0
    while at + 4 <= len(page) and number <= MOST_VALUES:
        length = int.from_bytes(page[at : at + 4], "little")
        longest, number, at = max(longest, length), number + 1, at + 4 + length
    return longest, number


class _Reader:
    """Reads structs in Thrift's compact protocol, as dicts of field number to value."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.structs = content, 0, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The struct that begins here. Raises ClimbpathError where there is none, or it is too large."""
        self.structs += 1
        if depth > DEEPEST or self.structs > MOST_STRUCTS:
            raise ClimbpathError("its footer has too many parts: split it")
        fields: dict[int, Any] = {}
        number = 0
        while kind := (head := self.take(1)[0]) & 15:
            number = number + (head >> 4) if head >> 4 else self._signed(16)
            if number in fields:
                raise ClimbpathError(f"{DAMAGED}a field is there twice")
            fields[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return fields

    def take(self, length: int) -> bytes:
        """The next bytes."""
        if self.at + length > len(self.content):
            raise ClimbpathError(f"{DAMAGED}a part of it is cut off")
        self.at += length
        return self.content[self.at - length : self.at]

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):  # in lists a bool takes a byte
            return self.take(1)[0]
        if kind in (4, 5, 6):
            return self._signed({4: 16, 5: 32, 6: 64}[kind])
        if kind == 7:
            return self.take(8)
        if kind == 8:
            return self.take(self._unsigned(32))
        if kind in (9, 10):
            head = self.take(1)[0]
            size = head >> 4 if head >> 4 < 15 else self._unsigned(32)
            if size > MOST_STRUCTS or depth > DEEPEST:
                raise ClimbpathError("its footer has too many parts: split it")
            return [self._value(head & 15, depth + 1) for _ in range(size)]
        if kind == 12:
            return self.struct(depth + 1)
        raise ClimbpathError(f"{DAMAGED}a field is of no known type")

    def _unsigned(self, bits: int) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if value >> bits or shift > 70:
                raise ClimbpathError(f"{DAMAGED}a number is too large")
            if byte < 128:
                return value

    def _signed(self, bits: int) -> int:
        value = self._unsigned(bits)
        return value >> 1 ^ -(value & 1)
