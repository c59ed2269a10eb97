"""Video files for tests, written by PyAV."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np


def write(
    file, pictures, *, codec="ffv1", fps=50, pixels="yuv420p", aspect=None, times=None, **options
):
    """A video of RGB pictures `[h, w, 3]`; `times` are pts in 1/fps seconds; `options` are x264's."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream(
            codec, rate=fps, options={k: str(v) for k, v in options.items()}
        )
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.codec_context.time_base = Fraction(1, fps)
        if aspect:
            stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
        for at, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = times[at] if times else at, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


def flat(values, size=(64, 48)):
    """Pictures of one colour each: (value, 0, 0)."""
    return [np.full((size[1], size[0], 3), (value, 0, 0), np.uint8) for value in values]


def trim(source, target, first):
    """The packets of a file from its start, shown from frame `first` on, as a lossless cut does."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as cut:
        stream = whole.streams.video[0]
        copy = cut.add_stream_from_template(stream)
        shift = None
        for packet in whole.demux(stream):
            if packet.dts is None:
                continue
            shift = round(first / stream.average_rate / packet.time_base)
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = copy
            cut.mux(packet)
    return target
