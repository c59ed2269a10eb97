import pickle
import struct

import av
import cv2
import films
import numpy as np
import pytest

from mertk import DataError
from mertk.datasets.media import videos
from mertk.datasets.media.sources import probe_media
from mertk_plugins.datasets.folder import Folder


def write(path, values):
    """A video of flat RGB frames (value, 0, 0)."""
    return films.write(path, films.flat(values), codec="mjpeg", pixels="yuvj420p")


def values(pictures):
    return [round(float(picture[..., 0].mean()) / 10) for picture in pictures]


@pytest.fixture
def video(tmp_path):
    return write(tmp_path / "clip.avi", range(0, 240, 10))


@pytest.fixture
def opened(monkeypatch):
    """Counts how often a video file is opened, and how many packets are decoded."""
    counts = {"opened": 0, "decoded": 0}
    decode, real = videos._decode_frames, av.open

    def counted(*args):
        for frame in decode(*args):
            counts["decoded"] += 1
            yield frame

    def opening(path, *mode):
        counts["opened"] += not mode
        return real(path, *mode)

    monkeypatch.setattr(videos, "_decode_frames", counted)
    monkeypatch.setattr(av, "open", opening)
    return counts


def test_a_video_says_how_long_and_how_fast_it_is(video):
    facts = videos.probe_video(video)
    assert (facts.count, facts.header_count, facts.fps) == (24, 24, pytest.approx(50))
    np.testing.assert_allclose(facts.times, np.arange(24) / 50)
    assert facts.list_notes() == []


def test_frames_are_counted_not_believed(tmp_path):
    """A file that was trimmed without new encoding keeps the frames before the cut hidden."""
    whole = films.write(tmp_path / "w.mp4", films.flat(range(150)), codec="libx264", g=150, bf=0)
    facts = videos.probe_video(films.trim(whole, tmp_path / "cut.mp4", 39))
    assert (facts.header_count, facts.count) == (150, 111)
    assert "its header says 150 frames, 111 can be decoded" in facts.list_notes()[0]
    frames = videos.of_video(tmp_path / "cut.mp4", 0, 111)
    assert frames[0][..., 0].mean() == pytest.approx(39, abs=2)
    assert frames[110][..., 0].mean() == pytest.approx(149, abs=2)


def test_a_file_is_counted_once_for_all_processes(video, opened):
    before = videos.probe_video(video)
    videos._probe_cached.cache_clear()  # as in a new process
    after = videos.probe_video(video)
    assert opened["opened"] == 1
    np.testing.assert_array_equal(after.times, before.times)
    write(video, [10] * 7)
    assert videos.probe_video(video).count == 7


def test_a_cut_off_file_holds_what_can_be_decoded(tmp_path):
    long, cut = write(tmp_path / "long.avi", [40] * 400), tmp_path / "cut.avi"
    cut.write_bytes(long.read_bytes()[: long.stat().st_size // 2])
    facts = videos.probe_video(cut)
    assert 150 < facts.count < 250
    assert "its header says 400 frames" in facts.list_notes()[0]


@pytest.mark.parametrize(("name", "codec", "options"), [
    ("i.mp4", "libx264", {"x264-params": "tff=1:interlaced=1", "qp": 1}),
    ("i.mpg", "mpeg2video", {"flags": "+ilme+ildct", "b": "20M"}),
])  # fmt: skip
def test_interlaced_files_are_deinterlaced_and_the_same_each_time(tmp_path, name, codec, options):
    """A bar that moves between the two fields of a frame would be a comb."""
    pictures = []
    for at in range(12):
        picture = np.full((96, 256, 3), 20, np.uint8)
        picture[0::2, 16 * at : 16 * at + 32] = 220  # the upper field
        picture[1::2, 16 * at + 8 : 16 * at + 40] = 220  # the lower one, later
        pictures.append(picture)
    file = films.write(tmp_path / name, pictures, codec=codec, fps=25, **options)
    facts = videos.probe_video(file)
    assert (facts.count, facts.interlaced) == (12, True)
    assert "interlaced" in facts.list_notes()[0]
    frames = videos.of_video(file, 0, 12)[:].astype(int)
    combs = np.abs(np.diff(frames[3:9, 8:-8], axis=1)).max(axis=(1, 2, 3))
    assert np.abs(np.diff(np.array(pictures).astype(int)[3:9, 8:-8], axis=1)).max() == 200
    assert combs.max() < 60
    videos._open_tape.cache_clear()
    np.testing.assert_array_equal(videos.of_video(file, 0, 12)[:], frames)


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    file = films.write(tmp_path / "dv.mp4", films.flat([90] * 3), codec="libx264", aspect=(16, 11))
    assert videos.of_video(file, 0, 3).shape == (3, 48, 93, 3)  # 64 * 16 / 11


@pytest.mark.parametrize(("name", "codec", "pixels", "red"), [
    ("deep.mkv", "ffv1", "yuv420p10le", 90), ("grey.mkv", "ffv1", "gray", 27),
    ("new.mp4", "libsvtav1", "yuv420p", 90), ("web.webm", "libvpx-vp9", "yuv420p", 90),
    ("x.wmv", "wmv2", "yuv420p", 90), ("x.mov", "prores_ks", "yuv422p10le", 90),
    ("12:30.ts", "libx264", "yuv420p", 90),
])  # fmt: skip
def test_codecs_of_the_field_are_read(tmp_path, name, codec, pixels, red):
    pictures = films.flat([90] * 8, (128, 96))
    file = films.write(tmp_path / name, pictures, codec=codec, pixels=pixels)
    facts = videos.probe_video(file)
    assert facts.count == 8
    assert file.suffix in videos.VIDEOS
    assert videos.of_video(file, 0, 8)[5][..., 0].mean() == pytest.approx(red, abs=5)


def test_a_variable_rate_is_kept_and_reported(tmp_path):
    times = [*range(12), *range(14, 50, 3)]
    file = films.write(tmp_path / "phone.mkv", films.flat([90] * 24), times=times)
    facts = videos.probe_video(file)
    np.testing.assert_allclose(facts.times, np.array(times) / 50, atol=1e-3)
    assert "frame rate varies (16.7 to 50.0 Hz)" in facts.list_notes()[0]


def test_an_even_rate_is_the_mean_though_times_are_rounded():
    facts = videos.VideoFacts(np.round(np.arange(40) / 30, 3))
    assert facts.fps == pytest.approx(30, rel=1e-3)
    assert facts.list_notes() == []


def test_an_uneven_rate_is_that_of_the_usual_step():
    facts = videos.VideoFacts(np.concatenate([[0], np.cumsum([0.04] * 30 + [0.1] * 9)]))
    assert facts.fps == pytest.approx(25)


def test_a_codec_without_decoder_is_named_with_the_line_that_converts(video):
    video.write_bytes(video.read_bytes().replace(b"MJPG", b"XYZW"))
    wanted = r"no decoder for its codec 'XYZW'; .*ffmpeg -i clip.avi -c:v ffv1 clip.mkv"
    with pytest.raises(DataError, match=wanted):
        videos.probe_video(video)


def test_a_file_of_sound_alone_is_named(tmp_path):
    with av.open(str(tmp_path / "voice.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(DataError, match="holds no pictures, only sound"):
        videos.probe_video(tmp_path / "voice.mp4")


def test_a_turned_phone_video_is_turned_back(tmp_path):
    """The file says "show me turned by a quarter", as phones write it; frames come upright."""
    file = tmp_path / "phone.mp4"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 255  # the left half is white
    for _ in range(5):
        writer.write(picture)
    writer.release()
    data = file.read_bytes()
    matrix = data.index(b"tkhd") + 44  # behind version, times, track and layer (ISO 14496-12)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    file.write_bytes(data[:matrix] + turned + data[matrix + len(turned) :])
    frames = videos.of_video(file, 0, 5)
    assert frames.shape == (5, 64, 48, 3)
    assert frames[0][:28].mean() > 240  # what was left is up, by a quarter turn clockwise
    assert frames[0][36:].mean() < 15


def test_an_interval_is_read_as_rgb(video):
    frames = videos.of_video(video, 5, 4)
    assert values(frames) == [5, 6, 7, 8]
    assert frames.shape == (4, 48, 64, 3)
    red, green, blue = frames[3].reshape(-1, 3).mean(axis=0)
    assert red > 70
    assert max(green, blue) < 30


def test_frame_by_frame_decodes_each_frame_once(video, opened):
    frames = videos.of_video(video, 4, 20)
    for _ in range(3):
        assert values(frames[at] for at in range(20)) == list(range(4, 24))
    assert values([frames[19], frames[0]]) == [23, 4]
    assert opened == {"opened": 1, "decoded": 24}


def test_memory_is_bounded_and_rewinding_still_right(video, opened, monkeypatch):
    monkeypatch.setattr(videos, "_KEPT_BYTES", 3 * 48 * 64 * 3)
    frames = videos.of_video(video, 0, 24)
    assert values(frames) == list(range(24))
    assert values([frames[2], frames[23]]) == [2, 23]
    assert opened["opened"] == 2


def test_changing_a_picture_does_not_change_the_next_reading(video):
    frames = videos.of_video(video, 5, 2)
    frames[0][:] = 0
    assert values([frames[0]]) == [5]


def test_a_rewritten_file_is_read_anew(video):
    assert values([videos.of_video(video, 5, 1)[0]]) == [5]
    stamp = video.stat().st_mtime_ns
    write(video, [200] * 24)
    assert video.stat().st_mtime_ns != stamp
    assert values([videos.of_video(video, 5, 1)[0]]) == [20]


def test_frames_of_a_video_travel_between_processes(video):
    assert values(pickle.loads(pickle.dumps(videos.of_video(video, 7, 1)))) == [7]  # noqa: S301


def test_a_video_that_ends_early_says_where(video):
    frames = videos.of_video(video, 20, 10)
    assert values([frames[3]]) == [23]
    with pytest.raises(DataError, match=r"clip\.avi: the video ends after 24 frames"):
        frames[4]
    assert values([frames[0]]) == [20]


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_a_file_that_is_no_video_is_named(tmp_path, content):
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.mp4: cannot be opened as a video"):
        videos.probe_video(tmp_path / "x.mp4")


def test_a_truncated_video_is_named(video):
    video.write_bytes(video.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"clip\.avi: "):
        videos.probe_video(video)


def test_a_missing_video_is_named(tmp_path):
    with pytest.raises(DataError, match=r"x\.avi: there is no such video"):
        videos.probe_video(tmp_path / "x.avi")
    with pytest.raises(DataError, match=r"x\.avi: there is no such video"):
        videos.of_video(tmp_path / "x.avi", 0, 1)[0]


@pytest.mark.parametrize(
    ("name", "codec", "old", "said"),
    [
        ("h.mov", "libx264", b"avc1", "XYZW"),
        ("w.wmv", "wmv2", b"WMV2", "XYZW"),
        ("h.mkv", "libx264", b"V_MPEG4/ISO/AVC", "V_MPEG4/ISO/XYZ"),
        ("v.webm", "libvpx-vp9", b"V_VP9", "V_XY9"),
    ],
)
def test_the_codec_is_named_in_every_container(tmp_path, name, codec, old, said):
    file = films.write(tmp_path / name, films.flat([90] * 4, (128, 96)), codec=codec)
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, said.encode()))
    wanted = rf"no decoder for its codec '{said}'; .*ffmpeg -i {name} -c:v ffv1 {file.stem}.mkv"
    with pytest.raises(DataError, match=wanted):
        videos.probe_video(file)


@pytest.mark.parametrize(("name", "codec"), [("h.mkv", "mpeg4"), ("v.webm", "libvpx-vp9")])
def test_a_file_without_a_count_that_is_cut_off_says_so(tmp_path, name, codec):
    whole = films.write(tmp_path / f"whole-{name}", films.flat([90] * 60, (128, 96)), codec=codec)
    assert videos.probe_video(whole).list_notes() == []
    cut = tmp_path / name
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    facts = videos.probe_video(cut)
    assert 20 < facts.count < 40
    notes = " ".join(facts.list_notes())
    assert f"its header says 1.2 s, {facts.count} frames (0." in notes


def test_a_video_whose_list_of_frames_is_lost_is_said_to_be_cut_off(tmp_path):
    for name, codec in (("a.mp4", "mpeg4"), ("b.mov", "libx264")):
        file = films.write(tmp_path / name, films.flat([90] * 60, (128, 96)), codec=codec)
        file.write_bytes(file.read_bytes()[: file.stat().st_size * 6 // 10])
        with pytest.raises(DataError, match="cut off, and the list of its frames"):
            videos.probe_video(file)


def test_a_gif_is_a_video_with_a_note_on_its_colours(tmp_path):
    file = films.write(
        tmp_path / "x.gif", films.flat(range(0, 200, 20)), codec="gif", pixels="rgb8", fps=25
    )
    media = probe_media(file)
    assert (media.kind, media.count, media.fps) == ("video", 10, pytest.approx(25))
    assert media.list_notes() == [
        "a GIF shows at most 256 colours a frame: small motion may be lost"
    ]
    frames, _ = media.cut_frames(0, 9)
    assert frames[9][..., 0].mean() == pytest.approx(180, abs=20)


def test_what_is_unusual_about_videos_is_said_once_a_kind(tmp_path, caplog):
    pictures = films.flat([90] * 12, (96, 64))
    for name in ("a.mpg", "b.mpg"):
        films.write(tmp_path / name, pictures, codec="mpeg2video", fps=25, flags="+ilme+ildct")
    films.write(tmp_path / "whole.mkv", films.flat([90] * 60), codec="mpeg4")
    whole = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 6 // 10])
    rows = ("anna,a,a.mpg,joy", "anna,b,b.mpg,joy", "bert,c,cut.mkv,anger")
    (tmp_path / "index.csv").write_text("\n".join(["subject,clip,path,label", *rows]))
    Folder().index(tmp_path)
    said = [line for line in caplog.messages if "interlaced" in line]
    assert len(said) == 1
    assert "a.mpg: it is interlaced" in said[0]
    assert said[0].endswith("(and 1 more)")
    assert any("cut.mkv: its header says 1.2 s, " in line for line in caplog.messages)
    assert len(Folder().survey(tmp_path).notices) == 2
