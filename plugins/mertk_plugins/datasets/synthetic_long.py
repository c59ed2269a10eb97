"""Long synthetic videos, to spot expressions in: the people and muscles of the set `synthetic`."""

from __future__ import annotations

import functools
from pathlib import Path

import mertk
from mertk_plugins.datasets._film import Film
from mertk_plugins.datasets._film_script import SLOT
from mertk_plugins.datasets._synthetic_clip import make_clip, make_record

_LEAST_SIZE = 64
_STRONGEST = 32  # a peak above size / 32 would fold the face


class SyntheticLong:
    """Long synthetic videos with micro- and macro-expressions, whose truth is known exactly.

    Each video is of another person, registered but for a small sway. Expressions are spread over a
    neutral face that blinks and is never quite at rest. Micro-expressions last 0.2 … 0.5 s,
    macro-expressions 0.6 … 2 s. Nobody speaks, looks away or turns the head. There is one clip per
    expression, in the frames of the whole video.

    Args:
        videos: number of videos, 1 or more.
        seconds: length of a video, in seconds; long enough for its expressions.
        fps: frame rate, in Hz, 20 … 1000.
        micros: number of micro-expressions in a video, 0 or more.
        macros: number of macro-expressions in a video, 0 or more; at least one of both.
        size: side of the square frames, in pixels, 64 or more.
        amplitude: largest motion of a micro-expression, in pixels, 0 … `size` / 32; 0 makes videos
            in which no expression is visible.
        macro: how many times as large the motion of a macro-expression is, above 0; `amplitude`
            times `macro` is at most `size` / 32.
        nuisance: what sway, light, noise and blinks are multiplied by, 0 or more; 0 is none of
            them.
        seed: random seed, 0 or more.
    """

    default_protocol = "loso"
    obtain = "nothing to obtain: made on demand"
    needs_folder = False

    def __init__(
        self,
        *,
        videos: int = 4,
        seconds: float = 40.0,
        fps: float = 30.0,
        micros: int = 5,
        macros: int = 3,
        size: int = 256,
        amplitude: float = 1.5,
        macro: float = 2.0,
        nuisance: float = 1.0,
        seed: int = 0,
    ) -> None:
        expressions = micros + macros
        if videos < 1 or micros < 0 or macros < 0 or not expressions:
            raise ValueError(
                f"videos={videos} must be at least 1, micros={micros} and macros={macros} at "
                "least 0, and one of them more"
            )
        if not seconds >= SLOT * expressions:
            raise ValueError(
                f"seconds={seconds} are too few for {expressions} expressions: give "
                f"{SLOT * expressions:g} or more"
            )
        if not 20 <= fps <= 1000 or size < _LEAST_SIZE:
            raise ValueError(
                f"fps={fps} must lie in 20 … 1000, and size={size} be at least {_LEAST_SIZE}"
            )
        if not (amplitude >= 0 and macro > 0 and amplitude * max(macro, 1) <= size / _STRONGEST):
            raise ValueError(
                f"amplitude={amplitude} and amplitude * macro={amplitude * macro} must lie in "
                f"0 … size / {_STRONGEST} = {size / _STRONGEST:g} pixels"
            )
        if not nuisance >= 0 or seed < 0:
            raise ValueError(f"nuisance={nuisance} and seed={seed} must both be at least 0")
        self.videos, self.seconds, self.fps = videos, float(seconds), float(fps)
        self.micros, self.macros, self.size, self.seed = micros, macros, size, seed
        self.amplitude, self.macro, self.nuisance = float(amplitude), float(macro), float(nuisance)

    def index(self, root: Path | None = None, /) -> list[mertk.Clip]:
        """All expressions, video by video; `root` is ignored. Frames are made when they are read.

        A clip's frames are those of its video, and its onset, apex and offset positions in them.
        """
        del root
        clips = []
        for video in range(self.videos):
            clips += _make_clips(self._make_film(video))
        return clips

    def _make_film(self, video: int) -> Film:
        return Film(
            seed=self.seed,
            video=video,
            frames=round(self.seconds * self.fps),
            fps=self.fps,
            size=self.size,
            micros=self.micros,
            macros=self.macros,
            amplitude=self.amplitude,
            macro=self.macro,
            nuisance=self.nuisance,
        )


def _make_clips(film: Film) -> list[mertk.Clip]:
    frames, clips = mertk.Frames(film, film.frames), []
    for number, (event, timing) in enumerate(
        zip(film.script().events, film.timings(), strict=True)
    ):
        record = make_record(
            event.draws,
            timing,
            dataset="synthetic_long",
            subject=f"s{film.video + 1:02d}",
            clip=f"e{number + 1:02d}",
            video=f"v{film.video + 1:02d}",
            label=event.label,
            fps=film.fps,
            expression_type=event.kind,
            n_files=film.frames,
        )
        locate = functools.partial(film.landmarks, timing.onset)
        clips.append(make_clip(record, timing, frames, locate, f"{film!r} {number}"))
    return clips


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.dataset("synthetic_long", SyntheticLong)
