"""What a trained model predicts in a video: given or spotted intervals, with pictures of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mertk.core.clips import Clip, Footage
from mertk.core.errors import DataError
from mertk.core.interfaces import Aligner, Spotter
from mertk.core.progress import Progress
from mertk.experiment.clip_pictures import ClipPictures, find_viewing_stages, read_clip_pictures
from mertk.experiment.occlusion import occlude_cells
from mertk.experiment.trained_model import TrainedModel
from mertk.pipeline.pipeline import locate_face
from mertk.spotting import video_prediction
from mertk.spotting.video_prediction import Finding, TrackedVideo

Draw = Callable[[str, Finding, ClipPictures], bool]
ChosenFace = tuple[Aligner, str]

_SEVERAL = "of several faces, --face largest, left, right, N or all says which is meant"

_FRONTAL = "use a video that shows a face from the front"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedVideo:
    """What was found in a video, and what is unusual about the file.

    `track` is None where the interval was given, `person` where no face was chosen.
    """

    video: Path
    findings: Sequence[Finding]
    notes: Sequence[str] = ()
    track: TrackedVideo | None = None
    person: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class IntervalPictures:
    """Reads pictures of predicted intervals, as long as there is room for them.

    Args:
        model: the trained model, whose face registration and weights are shown.
        draw: takes the title, the finding and the pictures of an interval; whether there is room
            for more.
        occlusion: for how many intervals of each video an occlusion map is computed.
    """

    model: TrainedModel
    draw: Draw
    occlusion: int = 0
    has_room: bool = True

    def read(
        self, video: Path, number: int, one: Finding, footage: Footage, person: int | None = None
    ) -> None:
        """Read and draw the interval of this number, from 1; nothing if there is no room."""
        if not self.has_room:
            return
        model, stages, maps = self.model, find_viewing_stages(self.model.pipeline, fitted=True), []
        if number <= self.occlusion and not one.note:
            faces, _ = locate_face(stages, footage)
            maps = [
                occlude_cells(
                    model.predict, footage, faces, model=model.name, classes=model.classes
                )
            ]
        weights = {} if one.note else model.explain(footage)
        pictures = read_clip_pictures(footage, stages, weights=weights, maps=maps)
        whose = "" if person is None else f", person {person}"
        title = f"{video.name}{whose}, {number}: {one.where.begins:.2f}–{one.where.ends:.2f} s"
        self.has_room = self.draw(title, one, pictures)


def predict_interval_of(
    model: TrainedModel,
    video: Path,
    progress: Progress,
    *,
    at: tuple[int | None, int | None, int | None],
    fps: float | None = None,
    least: float = 0.0,
    shifts: int = video_prediction.SHIFTS,
    pictures: IntervalPictures | None = None,
    whose: ChosenFace | None = None,
) -> Iterator[PredictedVideo]:
    """Predict one interval `at` (onset, apex, offset) of a video; without ends, all of it.

    Raises `DataError` where there is no such interval, or no face in it.
    """
    progress.stage(video.name, 0)
    media = video_prediction.probe_footage(video, fps)
    notes = media.list_notes()
    for found, footage, person in video_prediction.predict_given_interval(
        model, media, at, least, shifts=shifts, whose=whose
    ):
        if pictures:
            pictures.read(video, 1, found, footage, person)
        yield PredictedVideo(video=video, findings=[found], notes=notes, person=person)
        notes = []


def predict_clips(
    model: TrainedModel,
    clips: Sequence[Clip],
    progress: Progress,
    *,
    least: float = 0.0,
    shifts: int = video_prediction.SHIFTS,
    pictures: IntervalPictures | None = None,
    whose: ChosenFace | None = None,
) -> Iterator[PredictedVideo]:
    """Predict clips of a table, each as one expression; one without a face has a note."""
    progress.stage("classifying clips", len(clips))
    for clip in clips:
        footage, onset = clip.footage, int(clip.record["onset"])
        where = video_prediction.Where(
            onset=onset,
            apex=None if footage.apex is None else onset + footage.apex,
            offset=onset + footage.offset,
            begins=onset / footage.fps,
            ends=(onset + footage.offset) / footage.fps,
        )
        name = Path(clip.uid)
        try:
            people = video_prediction.cut_out_chosen(footage, whose)
        except DataError as error:
            found = video_prediction.Finding(where=where, predicted="", note=str(error))
            yield PredictedVideo(video=name, findings=[found])
            people = ()
        for person, part in people:
            found = video_prediction.predict_interval(model, part, where, least, shifts)
            if pictures:
                pictures.read(name, 1, found, part, person)
            yield PredictedVideo(video=name, findings=[found], person=person)
        progress.step(clip.uid)


def predict_video(
    model: TrainedModel,
    video: Path,
    progress: Progress,
    *,
    spotter: Spotter,
    aligner: Aligner,
    face: str | None = None,
    fps: float | None = None,
    strength: float = 1.0,
    least: float = 0.0,
    shifts: int = video_prediction.SHIFTS,
    pictures: IntervalPictures | None = None,
) -> Iterator[PredictedVideo]:
    """Track the face through a video, and predict the intervals that a spotter finds.

    `face` says whose face is tracked where there are several (`people_tracking.parse_face`). `fps`
    in Hz is used where the file says no rate. Raises `DataError` where it is no footage, or shows
    no face.
    """
    progress.stage(f"{video.name}: counting frames", 0)
    media = video_prediction.probe_footage(video, fps)
    progress.stage(f"{video.name}: tracking the face", media.count)
    if face is None:
        tracks = [video_prediction.track_video(media, aligner, progress.step)]
    else:
        tracks = video_prediction.track_people_of(media, aligner, face, progress.step)
    for track in tracks:
        if not track.stretches:
            reason = track.gaps[0].reason
            remedy = _SEVERAL if " faces found" in reason else _FRONTAL
            raise DataError(f"{video}: no face to track: {reason}; {remedy}")
        frames = sum(len(stretch.corners) for stretch in track.stretches)
        progress.stage(f"{video.name}: spotting expressions", frames)
        findings: list[Finding] = []
        for one, footage in video_prediction.predict_spots(
            model, track, spotter, strength=strength, least=least, shifts=shifts, step=progress.step
        ):
            findings.append(one)
            if pictures:
                pictures.read(video, len(findings), one, footage, track.person)
        yield PredictedVideo(
            video=video, findings=findings, notes=track.notes, track=track, person=track.person
        )
