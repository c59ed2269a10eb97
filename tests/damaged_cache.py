"""What can happen to one file of the cache; `DAMAGES` is a table for tests that let it happen.

Each function takes the file of an entry and a NumPy generator, and leaves at that path something
that is not the entry any more. None of it may be believed, crash, or wait for ever.
"""

import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

Header = dict[str, object]


def flip_bit(path, rng):
    """One bit anywhere: length, header, checksum, arrays or what pads them."""
    data = bytearray(path.read_bytes())
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def flip_bit_of_header(path, rng):
    data = bytearray(path.read_bytes())
    data[rng.integers(8 + int.from_bytes(data[:8], "little"))] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def overwrite_stretch(path, rng):
    """Random bytes over up to a block of a disk."""
    data = bytearray(path.read_bytes())
    start = int(rng.integers(len(data)))
    stretch = data[start : start + int(rng.integers(1, 4097))]
    data[start : start + len(stretch)] = bytes(255 - byte for byte in stretch)
    path.write_bytes(data)


def zero_stretch(path, rng):
    """Zeros where there were other bytes, as a crash of the whole machine leaves them."""
    data = bytearray(path.read_bytes())
    start = int(rng.choice(np.flatnonzero(np.frombuffer(data, np.uint8))))
    stop = min(len(data), start + int(rng.integers(1, 4097)))
    data[start:stop] = bytes(stop - start)
    path.write_bytes(data)


def swap_two_bytes(path, rng):
    data = bytearray(path.read_bytes())
    first = int(rng.integers(len(data)))
    second = int(rng.choice(np.flatnonzero(np.frombuffer(data, np.uint8) != data[first])))
    data[first], data[second] = data[second], data[first]
    path.write_bytes(data)


def cut_off(path, rng):
    path.write_bytes(path.read_bytes()[: rng.integers(path.stat().st_size)])


def lengthen(path, rng):
    path.write_bytes(path.read_bytes() + rng.bytes(int(rng.integers(1, 100))))


def empty(path, rng):
    path.write_bytes(b"")


def random_bytes(path, rng):
    path.write_bytes(rng.bytes(path.stat().st_size))


def write_text(path, rng):
    path.write_text("<html>404 not found</html>\n" * 20)


def without_checksum(path, rng):
    """What an earlier release wrote, or another program: a right safetensors file, unsealed."""
    data = path.read_bytes()
    path.write_bytes(data[:34] + b"00000000" + data[42:])


def huge_header(path, rng):
    """The header says that it is longer than any file."""
    data = path.read_bytes()
    path.write_bytes((int(rng.integers(2**40, 2**63))).to_bytes(8, "little") + data[8:])


def other_entry(path, rng):
    """The file of another key, undamaged in itself."""

    def change(_header, note):
        note["key"] = "ff" * 32

    _rewrite(path, change)


def folder(path, rng):
    path.unlink()
    path.mkdir()
    (path / "thesis.txt").write_text("years of work")


def fifo(path, rng):
    path.unlink()
    os.mkfifo(path)


def link(path, rng):
    """A link to a file that is the entry itself, in another place."""
    aside = path.with_suffix(".aside")
    shutil.move(path, aside)
    path.symlink_to(aside)


def link_to_nothing(path, rng):
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def link_to_itself(path, rng):
    path.unlink()
    path.symlink_to(path)


def _seal(header: bytes, arrays: bytes) -> bytes:
    """An entry with the right length and checksum, whatever its header is."""
    data = len(header).to_bytes(8, "little") + header + arrays
    return data[:34] + b"%08x" % zlib.crc32(data) + data[42:]


def _rewrite(path: Path, change: Callable[[Header, Header], object]) -> None:
    """Change the header and the note in it, and seal what comes out."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    note = json.loads(header.pop("__metadata__")["mertk"][8:])
    change(header, note)
    about = {"__metadata__": {"mertk": "0" * 8 + json.dumps(note)}}
    text = json.dumps(about | header, separators=(",", ":")).encode()
    path.write_bytes(_seal(text, data[8 + length :]))


def _last(header):
    """The name of the array that lies last, which is not empty."""
    return max(header, key=lambda name: header[name]["data_offsets"])


def _odd(**fields):
    """A damage: a sealed entry one of whose arrays is described by these fields."""

    def damage(path, rng):
        def change(header, _note):
            header[_last(header)] |= fields

        _rewrite(path, change)

    return damage


def _odd_note(**fields):
    def damage(path, rng):
        _rewrite(path, lambda _header, note: note.update(fields))

    return damage


def no_arrays(path, rng):
    _rewrite(path, lambda header, _note: header.clear())


def array_is_text(path, rng):
    _rewrite(path, lambda header, _note: header.update({_last(header): "an array"}))


def array_twice(path, rng):
    """Two arrays in one place."""
    _rewrite(path, lambda header, _note: header.update(again=header[_last(header)]))


def _missing(field):
    def damage(path, rng):
        _rewrite(path, lambda header, _note: header[_last(header)].pop(field))

    return damage


def no_note(path, rng):
    _rewrite(path, lambda _header, note: note.clear())


def deep_header(path, rng):
    """JSON that is nested deeper than Python recurses."""
    deep = b'{"__metadata__":{"mertk":"00000000' + b"[" * 200_000 + b'"}}'
    path.write_bytes(_seal(deep, b""))


def deep_header_in_the_open(path, rng):
    deep = b'{"__metadata__":{"mertk":"00000000{}"},"x":' + b"[" * 200_000
    path.write_bytes(_seal(deep, b""))


def header_is_a_list(path, rng):
    path.write_bytes(_seal(b'{"__metadata__":{"mertk":"00000000[]"}}', b""))


def long_number(path, rng):
    number = b'{"__metadata__":{"mertk":"00000000{}"},"x":' + b"9" * 10_000 + b"}"
    path.write_bytes(_seal(number, b""))


BYTES = [
    flip_bit, flip_bit_of_header, overwrite_stretch, zero_stretch, swap_two_bytes, cut_off,
    lengthen, empty, random_bytes, write_text, without_checksum, huge_header,
]  # fmt: skip
PLACES = [other_entry, folder, fifo, link, link_to_nothing, link_to_itself]
HEADERS = [
    no_arrays, array_is_text, array_twice, no_note, deep_header, deep_header_in_the_open,
    header_is_a_list, long_number,
]  # fmt: skip
ODD = {
    "kind unknown": _odd(dtype="C64"),
    "kind is a number": _odd(dtype=7),
    "kind is a list": _odd(dtype=["F32"]),
    "shape is text": _odd(shape="3"),
    "shape is negative": _odd(shape=[-3, -4]),
    "shape is a fraction": _odd(shape=[3.0]),
    "shape is true": _odd(shape=[True]),
    "shape is null": _odd(shape=None),
    "shape is giant": _odd(shape=[2**62, 2**62]),
    "shape is giant and empty": _odd(shape=[0, 10**30], data_offsets=[0, 0]),
    "shape is another": _odd(shape=[1]),
    "place is giant": _odd(data_offsets=[0, 800 * 2**30], shape=[800 * 2**30], dtype="U8"),
    "place is negative": _odd(data_offsets=[-8, 8]),
    "place is backwards": _odd(data_offsets=[8, 0]),
    "place is one number": _odd(data_offsets=[0]),
    "place is text": _odd(data_offsets=["0", "8"]),
    "place is null": _odd(data_offsets=None),
    "kind is missing": _missing("dtype"),
    "shape is missing": _missing("shape"),
    "place is missing": _missing("data_offsets"),
    "key is a number": _odd_note(key=7),
    "about is a number": _odd_note(about=7),
    "about is text": _odd_note(about="warp"),
    "sources are text": _odd_note(sources="files"),
}
DAMAGES = [
    *((one.__name__.replace("_", " "), one) for one in (*BYTES, *PLACES, *HEADERS)),
    *ODD.items(),
]
"""(name, function(path, rng) -> None): all that can happen."""
