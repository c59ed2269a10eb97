"""Models on the hub, against a small server that answers as the hub's API does."""

import base64
import hashlib
import json
import re
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import mertk
from mertk import cli
from mertk.core.errors import StorageError
from mertk.experiment import model_hub

constants = pytest.importorskip("huggingface_hub.constants")
import huggingface_hub  # noqa: E402  an optional package

USE = "synthetic:subjects=3,clips=3,size=128"
COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """The part of the hub's API that is used: make, list, commit and fetch. `files` by repository."""

    def answer(self, data, code=200, **headers):
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/repos/create":
            about = json.loads(body)
            name = (
                f"{about['organization']}/{about['name']}"
                if about.get("organization")
                else about["name"]
            )
            self.server.files.setdefault(name, {})
            self.server.private[name] = about.get("visibility")
            self.answer({"url": f"{self.server.url}/{name}", "name": name, "id": name})
        elif self.path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            self.answer({"files": files})
        elif "/commit/" in self.path:
            repository = re.match("/api/models/(.+?/.+?)/", self.path)[1]
            for line in body.decode().splitlines():
                one = json.loads(line)
                if one["key"] == "file":
                    data = base64.b64decode(one["value"]["content"])
                    self.server.files[repository][one["value"]["path"]] = data
            self.answer(
                {
                    "success": True,
                    "commitUrl": f"{self.server.url}/{repository}/commit/{COMMIT}",
                    "commitOid": COMMIT,
                }
            )
        else:
            self.answer({"error": self.path}, 404)

    def do_GET(self):
        self.server.asked.append(self.path)
        listed = re.match(r"/api/models/([^/?]+/[^/?]+)", self.path)
        fetched = re.match(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", self.path)
        if listed and listed[1] in self.server.files:
            files = [
                {"rfilename": name, "size": self.server.sizes.get(name, len(data))}
                for name, data in self.server.files[listed[1]].items()
            ]
            self.answer(
                {"id": listed[1], "sha": COMMIT, "siblings": files, "private": True, "tags": []}
            )
        elif fetched and fetched[2] in self.server.files.get(fetched[1], {}):
            data = self.server.files[fetched[1]][fetched[2]]
            self.answer(
                data,
                ETag=f'"{hashlib.sha256(data).hexdigest()}"',
                X_Repo_Commit=COMMIT,
                Content_Type="application/octet-stream",
            )
        else:
            self.answer({"error": "not found"}, 404, X_Error_Code="RepoNotFound")

    def do_HEAD(self):
        self.do_GET()

    def log_message(self, *given):
        """Print nothing."""


@pytest.fixture
def hub(tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.files, server.private, server.sizes, server.asked = {}, {}, {}, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(
        huggingface_hub, "HfApi", partial(huggingface_hub.HfApi, endpoint=server.url)
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "model"
    with pytest.raises(SystemExit, match="0"):
        cli.main(["train", "--model", "flow_ridge", "--dataset", USE, "--out", str(folder)])
    return folder


def fetched(hub):
    return [path for path in hub.asked if "/resolve/" in path]


def test_a_model_is_sent_fetched_and_predicts_as_before(hub, trained, tmp_path, run):
    code, out, err = run("hub", "push", trained, "hf:lab/model")
    assert code == 0, err
    assert out == f"commit: {hub.url}/lab/model/commit/{COMMIT}\n"
    assert hub.private == {"lab/model": "private"}
    assert sorted(hub.files["lab/model"]) == ["README.md", "arrays.safetensors", "model.json"]
    assert hub.files["lab/model"]["README.md"].startswith(b"---\nlibrary_name: mertk\n")
    hub.files["lab/model"][".gitattributes"] = b"*.safetensors filter=lfs"
    code, out, err = run("hub", "pull", "hf:lab/model", "--out", tmp_path / "model")
    assert code == 0, err
    assert COMMIT in out
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "model" / name).read_bytes() == (trained / name).read_bytes()
    clip = mertk.load_plugins().registry.build("dataset", mertk.Use.parse(USE)).index(None)[0]
    np.save(tmp_path / "clip.npy", clip.footage.frames[:])
    given = (tmp_path / "clip.npy", "--whole", "--fps", "100", "--json")
    here, there = run("predict", trained, *given), run("predict", "hf:lab/model", *given)
    assert here[0] == there[0] == 0, there[2]
    assert json.loads(here[1])["videos"] == json.loads(there[1])["videos"]


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pkl", "sub/model.json", "../x", "config.json"]
)
def test_a_repository_with_another_file_is_refused_before_one_is_fetched(
    hub, trained, tmp_path, name
):
    hub.files["lab/model"] = {file.name: file.read_bytes() for file in trained.glob("[!.]*")}
    hub.files["lab/model"][name] = b"\x80\x04"
    with pytest.raises(StorageError, match="which is no file of a model of mertk"):
        model_hub.pull_model("hf:lab/model", tmp_path / "model")
    assert fetched(hub) == []
    assert not (tmp_path / "model").exists()


def test_what_is_no_model_or_too_large_is_refused(hub, trained, tmp_path):
    hub.files["lab/model"] = {file.name: file.read_bytes() for file in trained.glob("[!.]*")}
    hub.sizes["model.json"] = 2**40
    with pytest.raises(StorageError, match=r"model\.json has .* more than any model"):
        model_hub.pull_model("hf:lab/model", tmp_path / "model")
    assert fetched(hub) == []
    hub.sizes.clear()
    hub.files["lab/model"]["arrays.safetensors"] = b"\x80\x04K\x01."
    with pytest.raises(StorageError, match=r"hf:lab/model/arrays\.safetensors is damaged"):
        model_hub.pull_model("hf:lab/model", tmp_path / "model")
    del hub.files["lab/model"]["model.json"]
    with pytest.raises(StorageError, match=r"model\.json is missing"):
        model_hub.pull_model("hf:lab/model", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_only_a_model_folder_is_sent(hub, trained, tmp_path):
    plugins = mertk.load_plugins()
    (tmp_path / "other").mkdir()
    for file in trained.glob("[!.]*"):
        (tmp_path / "other" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "other" / "face.png").write_bytes(b"x")
    with pytest.raises(StorageError, match=r"face\.png"):
        model_hub.push_model(tmp_path / "other", "hf:lab/model", plugins)
    assert hub.asked == []


@pytest.mark.parametrize("name", ["hf:model", "hf:a/b/c", "hf:../b", "hf:a b/c", "hf:"])
def test_a_name_that_is_none_is_refused(run, tmp_path, name):
    code, _, err = run("hub", "pull", name, "--out", tmp_path / "model")
    assert code == 2
    assert "names no model of the hub" in err
    assert err.count("\n") == 1


def test_a_repository_that_is_not_there_is_told_in_one_line(hub, run, tmp_path):
    code, _, err = run("hub", "pull", "hf:lab/none", "--out", tmp_path / "model")
    assert code == 2
    assert err.startswith("Error: the hub did not answer as expected for lab/none")
    assert err.count("\n") == 1


def test_a_hub_that_cannot_be_reached_is_told_in_one_line(hub, run, tmp_path):
    hub.shutdown()
    hub.server_close()
    code, _, err = run("hub", "pull", "hf:lab/model", "--out", tmp_path / "model")
    assert code == 2
    assert err.startswith("Error: the hub did not answer as expected for lab/model")
    assert err.count("\n") == 1
