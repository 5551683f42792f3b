"""Data sets that others publish: read as they are, fetched whole or not at all, and never another file."""

import functools
import hashlib
import http.server
import os
import threading
from pathlib import Path

import nbformat
import needed_data
import numpy as np
import pytest

from mlhelpers.datasets import (
    _files,
    _goemotions,
    _goemotions_scores,
    _mulan,
    fetch_emotions,
    fetch_goemotions,
    fetch_scene,
    fetch_yeast,
    goemotions_scores,
)
from mlhelpers.datasets._files import DataFile

CONTENTS = {
    "train.tsv": 'It\'s "awful",\x85or so\t0,2\tid1\n  two  words \t1\tid2\n',
    "dev.tsv": "ümlaut\t2\tid3\n",
    "test.tsv": "last\t0\tid4\n",
    "labels.txt": "joy\nfear\nneutral\n",
}
ARFF = """@relation small
% labels may stand anywhere
@attribute first numeric
@attribute Class2 {0,1}
@attribute a-name numeric
@attribute Class1 {0,1}
@data
"""
MULAN = {
    "emotions-train.arff": ARFF + "0.5,0,-1e3,1\n1,1,2,0\n-0.25,1,0,1\n",
    "emotions-test.arff": ARFF + "7,0,8,0\n",
    "emotions.xml": '<?xml version="1.0" encoding="utf-8"?>\n<labels xmlns="http://mulan.sourceforge.net/labels">'
    '<label name="Class1"></label>\n<label name="Class2"></label></labels>',
}
HERE = os.environ.get("MLHELPERS_DATA")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve a small data set in the place of the real one; return the folder that is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, text in (CONTENTS | MULAN).items():
        (folder / name).write_bytes(text.encode())
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"

    def files(set_name, contents):
        return tuple(
            DataFile(f"{set_name}/{n}", address + n, len(text.encode()), hashlib.sha256(text.encode()).hexdigest())
            for n, text in contents.items()
        )

    monkeypatch.setattr(_goemotions, "FILES", files("goemotions", CONTENTS))
    monkeypatch.setitem(_mulan.FILES, "emotions", files("emotions", MULAN))
    monkeypatch.delenv("MLHELPERS_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    yield folder
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def files_below(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def test_fetches_once_and_reads_from_then_on(served, tmp_path):
    first = fetch_goemotions()
    assert first.X_train.tolist() == ['It\'s "awful",\x85or so', "  two  words "]
    assert first.Y_train.tolist() == [[1, 0, 1], [0, 1, 0]] and first.Y_train.dtype == np.int8
    assert (first.X_val.tolist(), first.Y_val.tolist()) == (["ümlaut"], [[0, 0, 1]])
    assert (first.X_test.tolist(), first.Y_test.tolist()) == (["last"], [[1, 0, 0]])
    assert first.label_names == ("joy", "fear", "neutral")
    assert files_below(tmp_path / "home" / "mlhelpers" / "goemotions") == sorted(CONTENTS)
    for path in served.iterdir():
        path.unlink()
    assert fetch_goemotions().X_train.tolist() == first.X_train.tolist()


def test_data_home_is_below_the_folder_that_one_names(served, tmp_path, monkeypatch):
    monkeypatch.setenv("MLHELPERS_DATA", str(tmp_path / "not asked"))
    fetch_goemotions(data_home=tmp_path / "mine")
    assert files_below(tmp_path / "mine" / "mlhelpers" / "goemotions") == sorted(CONTENTS)


def test_the_folder_of_the_environment_is_read_and_never_written(served, tmp_path, monkeypatch):
    given = tmp_path / "given"
    monkeypatch.setenv("MLHELPERS_DATA", str(given))
    with pytest.raises(FileNotFoundError, match=r"train\.tsv is missing; get it from http://127.*MLHELPERS_DATA"):
        fetch_goemotions()
    assert not given.exists()
    (given / "goemotions").mkdir(parents=True)
    for name, text in CONTENTS.items():
        (given / "goemotions" / name).write_bytes(text.encode())
    assert fetch_goemotions().X_test.tolist() == ["last"]
    assert not (tmp_path / "home").exists()


def test_scores_are_computed_once(served, tmp_path, monkeypatch):
    frequent = "".join(f"good words {'and more' * (i % 2)}\t{i % 3}\tid{i}\n" for i in range(12))
    given = tmp_path / "given" / "goemotions"
    given.mkdir(parents=True)
    for name, text in (CONTENTS | {"train.tsv": frequent}).items():
        (given / name).write_bytes(text.encode())
    files = tuple(
        file._replace(sha256=hashlib.sha256((given / Path(file.path).name).read_bytes()).hexdigest())
        for file in _goemotions.FILES
    )
    monkeypatch.setattr(_goemotions, "FILES", files)
    monkeypatch.setenv("MLHELPERS_DATA", str(tmp_path / "given"))
    scores = goemotions_scores()
    assert scores.val.shape == scores.test.shape == (1, 3) and scores.val.min() > 0 and scores.val.max() < 1
    assert (tmp_path / "home" / "mlhelpers" / "scores").is_dir()
    monkeypatch.setattr(_goemotions_scores, "OneVsRestClassifier", None)
    again = goemotions_scores()
    assert np.array_equal(again.val, scores.val) and np.array_equal(again.test, scores.test)
    # of other comments they are other scores
    monkeypatch.setattr(_goemotions, "FILES", (files[0]._replace(address="elsewhere"), *files[1:]))
    goemotions_scores()
    (given / "dev.tsv").write_text("others\t1\tid\n")
    changed = files[1]._replace(sha256=hashlib.sha256(b"others\t1\tid\n").hexdigest())
    monkeypatch.setattr(_goemotions, "FILES", (files[0], changed, *files[2:]))
    with pytest.raises(TypeError, match="NoneType"):
        goemotions_scores()


def test_a_missing_file_that_must_not_be_fetched(served, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train\.tsv is missing; get it from"):
        fetch_goemotions(download_if_missing=False)
    assert files_below(tmp_path / "home") == []


def test_no_network(served, tmp_path):
    (served / "train.tsv").unlink()
    with pytest.raises(OSError, match=r"train\.tsv is missing and could not be fetched .*404.*\(0\.0 MB\)"):
        fetch_goemotions()
    assert files_below(tmp_path / "home") == []


def test_another_file_is_sent(served, tmp_path):
    (served / "train.tsv").write_text("something else")
    with pytest.raises(ValueError, match=r"train\.tsv sends is another file .*nothing was kept"):
        fetch_goemotions()
    assert files_below(tmp_path / "home") == []


def test_another_file_lies_there(served, tmp_path):
    fetch_goemotions()
    path = tmp_path / "home" / "mlhelpers" / "goemotions" / "dev.tsv"
    path.write_text("cut o")
    with pytest.raises(ValueError, match=r"dev\.tsv is another file than the one expected.*remove it"):
        fetch_goemotions()
    assert path.read_text() == "cut o"


def test_without_pooch(served, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install pooch, or get it from http.*MLHELPERS_DATA"):
        fetch_goemotions()


def test_labels_are_what_the_xml_names_in_the_order_of_the_arff_files(served, tmp_path):
    music = fetch_emotions()
    assert music.label_names == ("Class2", "Class1") and music.feature_names == ("first", "a-name")
    assert music.X_train.tolist() == [[0.5, -1000], [1, 2], [-0.25, 0]] and music.X_train.dtype == np.float64
    assert music.Y_train.tolist() == [[0, 1], [1, 0], [1, 1]] and music.Y_train.dtype == np.int8
    assert music.X_test.tolist() == [[7, 8]] and music.Y_test.tolist() == [[0, 0]]
    assert music.X_val.shape == music.Y_val.shape == (0, 2)
    assert files_below(tmp_path / "home" / "mlhelpers" / "emotions") == sorted(MULAN)
    assert str(music).splitlines() == [
        "split  samples  features  labels per sample  without label  rarest label",
        "train        3         2               1.33           0.0%     Class2: 2",
        "test         1         2               0.00         100.0%     Class2: 0",
    ]
    for path in served.iterdir():
        path.unlink()
    assert fetch_emotions(download_if_missing=False).X_train.tolist() == music.X_train.tolist()


def test_mulan_without_network_or_file(served, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"emotions-train\.arff is missing; get it from http://127"):
        fetch_emotions(download_if_missing=False)
    (served / "emotions.xml").unlink()
    with pytest.raises(OSError, match=r"emotions\.xml is missing and could not be fetched .*404"):
        fetch_emotions(data_home=tmp_path / "mine")
    (served / "emotions-test.arff").write_text("something else")
    with pytest.raises(ValueError, match=r"emotions-test\.arff sends is another file"):
        fetch_emotions()
    monkeypatch.setenv("MLHELPERS_DATA", str(tmp_path))
    for fetch, name in ((fetch_emotions, "emotions"), (fetch_scene, "scene"), (fetch_yeast, "yeast")):
        with pytest.raises(FileNotFoundError, match=rf"{name}-train\.arff is missing; .* as {name}/{name}-train\.arff"):
            fetch()


def test_mulan_addresses_do_not_change():
    for name, files in _mulan.FILES.items():
        assert [file.path for file in files] == [f"{name}/{name}{end}" for end in ("-train.arff", "-test.arff", ".xml")]
        for file in files:
            assert "/tsoumakas/mulan/43f6389095ad71984264db4387a8074b22bc7d4a/" in file.address
            assert file.address.endswith(file.path) and len(file.sha256) == 64


@pytest.mark.skipif(not HERE, reason="MLHELPERS_DATA names no folder with the real files")
@pytest.mark.parametrize(
    ("fetch", "shapes", "cardinality", "first", "rarest"),
    [  # labels per sample in both parts together: the statistics that Mulan publishes with its files
        (fetch_emotions, ((391, 72), (202, 72), 6), 1.869, "amazed-suprised", 148),
        (fetch_scene, ((1211, 294), (1196, 294), 6), 1.074, "Beach", 364),
        (fetch_yeast, ((1500, 103), (917, 103), 14), 4.237, "Class1", 34),
    ],
)
def test_the_real_files_of_mulan(fetch, shapes, cardinality, first, rarest):
    data = fetch()
    assert (data.X_train.shape, data.X_test.shape, data.Y_train.shape[1]) == shapes
    both = np.concatenate([data.Y_train, data.Y_val, data.Y_test])
    assert abs(both.sum(axis=1).mean() - cardinality) < 0.001 and both.sum(axis=0).min() == rarest
    assert data.label_names[0] == first and len(data.label_names) == shapes[2]
    assert data.feature_names is not None and len(data.feature_names) == data.X_train.shape[1]
    assert np.isfinite(data.X_train).all() and np.isfinite(data.X_test).all()
    if fetch is fetch_scene:
        known = {row.tobytes() for row in data.X_train}
        assert sum(row.tobytes() in known for row in data.X_test) == 6
    for file in _mulan.FILES[fetch.__name__.removeprefix("fetch_")]:
        assert (Path(HERE) / file.path).stat().st_size == file.n_bytes


def test_addresses_do_not_change():
    for file in _goemotions.FILES:
        assert "/b75f9d3a8b76bc1060687925b04ca98a1b8ea66b/" in file.address and len(file.sha256) == 64
        assert file.address.endswith(file.path.removeprefix("goemotions"))
    assert _files.VARIABLE == "MLHELPERS_DATA"


@pytest.mark.skipif(not HERE, reason="MLHELPERS_DATA names no folder with the real files")
def test_the_real_comments():
    comments = fetch_goemotions()
    assert [len(getattr(comments, f"X_{part}")) for part in ("train", "val", "test")] == [43_410, 5_426, 5_427]
    assert comments.Y_train.shape == (43_410, 28) and comments.label_names[-1] == "neutral"
    assert comments.Y_train.sum(axis=1).min() == 1 and comments.Y_train.sum(axis=1).max() == 5
    # the counts of the paper's training part, most and least frequent
    counts = dict(zip(comments.label_names, comments.Y_train.sum(axis=0).tolist(), strict=True))
    assert (counts["neutral"], counts["admiration"], counts["grief"]) == (14_219, 4_130, 77)
    known = set(comments.X_train)
    assert sum(text in known for text in comments.X_test) == 37
    for grouping, n_groups in (("ekman", 7), ("sentiment", 4)):
        groups = comments.groupings[grouping]
        assert len(groups) == n_groups
        assert sorted(name for names in groups.values() for name in names) == sorted(comments.label_names)
    assert [(file.n_bytes, (Path(HERE) / file.path).stat().st_size) for file in _goemotions.FILES] == [
        (file.n_bytes, file.n_bytes) for file in _goemotions.FILES
    ]
    assert "12.8" in str(comments) and "words" in str(comments)


def test_chapters_without_their_data_are_skipped_with_the_reason(served, tmp_path, monkeypatch):
    monkeypatch.setenv("MLHELPERS_DATA", str(tmp_path))
    for source, reason in (
        ("from sklearn.datasets import fetch_openml\nfetch_openml(1)", ""),
        ("comments = fetch_goemotions()", "train.tsv is missing"),
        ("scores = goemotions_scores()", "train.tsv is missing"),
        ("music = fetch_emotions()", "emotions-train.arff is missing"),
        ("for fetch in (fetch_scene, fetch_yeast):\n    fetch()", "scene-train.arff is missing"),
    ):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / "chapter.ipynb")
        needed_data.reason_to_skip.cache_clear()
        needed_data.missing.cache_clear()
        found = needed_data.reason_to_skip(tmp_path / "chapter.ipynb")
        assert reason in found and bool(found) == bool(reason)
