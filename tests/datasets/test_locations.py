import pytest

from mertk.core.errors import DataError, StorageError
from mertk.datasets import locations


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "config" / "config.toml"
    monkeypatch.setenv("MERTK_CONFIG", str(file))
    return file


def test_nothing_is_known_at_first(file):
    assert locations.load_known_folders() == {}


def test_a_place_is_remembered_and_replaced(file, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert locations.remember_folder("casme2", tmp_path / name) == file
        assert locations.load_known_folders() == {"casme2": tmp_path / name}


def test_what_else_stands_in_the_file_is_kept(file, tmp_path):
    file.parent.mkdir()
    file.write_text('# mine\n[data]\nsamm = "/x"  # a disk\n[other]\nkey = 1\n')
    locations.remember_folder("casme2", tmp_path)
    text = file.read_text()
    assert "# mine" in text
    assert "# a disk" in text
    assert "key = 1" in text
    assert set(locations.load_known_folders()) == {"samm", "casme2"}


def test_a_folder_that_is_not_there_is_refused(file, tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere"):
        locations.remember_folder("casme2", tmp_path / "nowhere")
    assert not file.exists()


@pytest.mark.parametrize("text", ["[data", "[data]\ncasme2 = 1\n", "data = 2\n"])
def test_a_damaged_file_is_named_and_left_alone(file, tmp_path, text):
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(StorageError, match=r"config\.toml"):
        locations.remember_folder("casme2", tmp_path)
    assert file.read_text() == text
