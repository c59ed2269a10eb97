"""The folder that a fuzzed command stands in: good inputs, odd and hostile ones, and strangers'.

What belongs to strangers (`STRANGERS`) must be there after any command, byte for byte.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

from mertk import cli

SET = "synthetic:subjects=3,clips=3,frames=6,size=64"
STRANGERS = ("thesis", "notes.txt", "thesis.csv")

PLUGINS = {
    "good.py": "",
    "exits.py": "import sys\nsys.exit()\n",
    "exits_registering.py": "import sys\nimport mertk\n"
    "@mertk.hookimpl\ndef mertk_register(register):\n    sys.exit(0)\n",
    "raises.py": "raise BaseException('no plug-in')\n",
    "no_python.py": "\x00\xff{",
}
_CLASSIFIER = """
import sys
import numpy as np
import mertk
class {name}:
    \"\"\"A classifier that ends the program in {where}.\"\"\"
    def __init__(self):
        {init}
    def fit(self, train, rng):
        {fit}
        self.classes = len(train.classes)
    def predict(self, streams):
        {predict}
        return np.full(self.classes, 1 / self.classes)
@mertk.hookimpl
def mertk_register(register):
    register.classifier("quits", {name})
"""


def classifier(where: str) -> str:
    """A plug-in whose classifier `quits` calls `sys.exit`: `where` is init, fit or predict."""
    lines = {place: "sys.exit()" if place == where else "pass" for place in _PLACES}
    return _CLASSIFIER.format(name="Quits", where=where, **lines)


_PLACES = ("init", "fit", "predict")


def make_bed(folder: Path) -> None:
    """Fill a new folder; runs the commands that make its good inputs, so it takes seconds."""
    folder.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        _make_good()
        _make_odd()
        _make_strangers()
    finally:
        os.chdir(before)


def call(*arguments: str) -> int:
    """Run a command line in this process: its exit code."""
    try:
        cli.main(list(arguments))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def _make_good() -> None:
    for model in ("majority", "flow_svm"):
        assert call("bench", "--model", model, "--dataset", SET, "--jobs", "1") == 0
    assert call("train", "--model", "flow_svm", "--dataset", SET, "--out", "model") == 0
    assert call("data", "synth", "set", "--layout", "folder", "--set", "subjects=2",
                "--set", "clips=3", "--set", "frames=6", "--set", "size=64") == 0  # fmt: skip
    _film(Path("video.avi"))
    run = next(Path("runs").glob("flow_svm*"))
    Path("run").symlink_to(run)
    Path("recipe.json").write_text('{"extractor": "flow", "classifier": "svm"}')
    Path("recipe.toml").write_text('classifier = "majority"\n')
    Path("table.csv").write_text(
        "clip,truth,prediction,subject\n"
        "a,1,1,s1\nb,2,2,s1\nc,1,2,s2\nd,2,2,s2\ne,1,1,s3\nf,2,1,s3\n"
    )
    Path("log.txt").write_text(
        "casme2 sub01\nEP02 0 1\nEP03 1 1\nEP04 2 2\nsmic s1\nx 0 0\ny 1 2\nz 2 2\n"
    )
    Path("spots.csv").write_text("video,onset,offset\nv1,10,20\nv2,5,30\n")


def _film(path: Path) -> None:
    import cv2
    import numpy as np

    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 64))
    for at in range(12):
        film.write(np.full((64, 64, 3), 20 * at, np.uint8))
    film.release()


def _make_odd() -> None:
    for name, text in PLUGINS.items():
        Path(name).write_text(text)
    for where in _PLACES:
        Path(f"quits_{where}.py").write_text(classifier(where))
    Path("empty.csv").touch()
    Path("folder.csv").mkdir()
    os.mkfifo("pipe.csv")
    os.mkfifo("pipe.json")
    os.mkfifo("pipe.avi")
    Path("latin.csv").write_bytes("clip,truth,prediction\nü,1,2\n".encode("cp1252"))
    Path("null.csv").write_bytes(b"clip,truth,prediction\n\x00,\x00,\x00\n")
    Path("huge.csv").write_text(f"video,onset,offset\nv1,{'9' * 400},{'9' * 401}\n")
    rows = "".join(f"c{n},l{n},l{n}\n" for n in range(3000))
    Path("labels.csv").write_text(f"clip,truth,prediction\n{rows}")
    Path("markup.csv").write_text(
        "clip,truth,prediction,subject\na,[/b],[/b],=1+1\nb,=cmd|' /C calc'!A0,[/b],s2\n"
    )
    Path("deep.json").write_text("[" * 100_000)
    Path("deep.toml").write_text("classifier = " + "[" * 100_000)
    Path("nan.json").write_text('{"classifier": {"name": "svm", "C": NaN}}')
    Path("broken.toml").write_text("classifier = \n")
    Path("broken.json").write_text('{"classifier": ')
    Path("list.json").write_text("[1, 2]")
    Path("slots.json").write_text('{"classifier": 1, "fusion": 3, "extractor": {"a": []}}')
    Path("loop").symlink_to("loop")
    Path("noise.avi").write_bytes(bytes(range(256)) * 40)
    Path("[").mkdir()
    Path("[/b].avi").write_bytes(b"RIFF")
    Path(os.fsdecode(b"\xff.avi")).write_bytes(b"")
    Path("bad_run/folds").mkdir(parents=True)
    Path("bad_run/run.json").write_text('{"format": 1}')
    Path("bad_model").mkdir()
    Path("bad_model/model.json").write_text("{}")
    with zipfile.ZipFile("bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)


def _make_strangers() -> None:
    Path("thesis/chapters").mkdir(parents=True)
    Path("thesis/thesis.tex").write_text("ten years of work\n")
    Path("thesis/index.csv").write_text("mine\n")
    Path("thesis/chapters/one.tex").write_text("the first year\n")
    Path("notes.txt").write_text("do not lose this\n")
    Path("thesis.csv").write_text("year,pages\n1,12\n")


def strangers_of(folder: Path) -> dict[str, str]:
    """The hash of every stranger's file by its path."""
    found = {}
    for name in STRANGERS:
        path = folder / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                found[str(file.relative_to(folder))] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found
