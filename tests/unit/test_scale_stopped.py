"""A Ray of one's own: where none answers, and that nothing of it stays when it is interrupted.

In a file of their own: the tests of test_scale.py share a Ray, and find one running.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from limits import within
from processes import gone, listening, psutil

import kerasdemo as kd
from kerasdemo.scaling import cluster, collecting

LIMIT = 300  # seconds that a test may take, on a machine that is busy with others


@pytest.fixture(autouse=True)
def _limited():
    with within(LIMIT):
        yield


@pytest.fixture(scope="module")
def model():
    return kd.load_classifier()


@pytest.fixture(scope="module")
def images():
    return kd.load_digits().images[:330]


def test_no_cluster_at_an_address_is_said(model, images):
    pytest.importorskip("ray.data")
    assert not cluster.import_ray().is_initialized()
    with pytest.raises(ConnectionError, match="no cluster answers there"):
        kd.predict_dataset(images, model, address="127.0.0.1:9")  # nobody listens there


def test_ray_is_ended_when_no_thread_asks_it_any_more():
    seen, asking = [], threading.Thread(target=time.sleep, args=(0.5,), name="iter_threaded")

    class Stand:
        @staticmethod
        def shutdown():
            seen.append(asking.is_alive())

    asking.start()
    cluster._end(Stand)
    assert seen == [False]


def test_interrupted_at_its_start_it_leaves_no_process(monkeypatch, tmp_path):
    pytest.importorskip("ray.data")
    from ray._private.node import Node

    ray, seen = cluster.import_ray(), {}
    assert not ray.is_initialized()

    def interrupt(node):
        seen["family"] = psutil.Process().children(recursive=True)
        seen["folder"] = Path(node.get_session_dir_path()).parent
        seen["token"] = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
        seen["others"] = seen["token"].parent.stat().st_mode & 0o077
        seen["lean"] = Path(os.environ["PYTHONPATH"].split(os.pathsep)[0]).parent
        raise KeyboardInterrupt

    home = tmp_path / "home"  # where nothing can be written
    home.write_text("no folder")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr(Node, "start_ray_processes", interrupt)  # the head's own run already
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt), cluster.connected(None, cores=1, data=0):
        pass
    assert set(seen["family"]) - before
    assert gone(set(seen["family"]) - before)
    assert not seen["folder"].exists()
    assert seen["token"].parent == seen["lean"] == seen["folder"].parent
    assert not seen["lean"].exists()
    assert seen["others"] == 0 or os.name == "nt", "another user may write what Ray imports"
    assert "RAY_AUTH_TOKEN_PATH" not in os.environ
    assert not ray.is_initialized()


@pytest.mark.long
def test_interrupted_it_leaves_no_process_no_file_and_no_setting(
    model, images, monkeypatch, tmp_path
):
    pytest.importorskip("ray.data")
    assert not cluster.import_ray().is_initialized()
    seen = {}

    class Stop:
        def __init__(self, *args, **options):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return False

        def update(self, rows):
            family = psutil.Process().children(recursive=True)
            seen["family"] = family
            printed = sys.modules["ray._private.ray_logging"].stdout_deduplicator
            seen["hushed"] = printed.skip_re and printed.skip_re.search("Task MapWorker failed")
            node = cluster.import_ray()._private.worker._global_node
            seen["folder"] = Path(node.get_session_dir_path()).parent
            seen["open"] = listening([psutil.Process(), *family])
            raise KeyboardInterrupt

    ray, usual = cluster.import_ray(), cluster.import_ray().shutdown

    def shutdown():
        names = [thread.name for thread in threading.enumerate()]
        seen["asking"] = [name for name in names if name.startswith(cluster.THREADS)]
        usual()

    monkeypatch.setattr(ray, "shutdown", shutdown)
    monkeypatch.setattr(collecting, "progress_bar", Stop)
    before = dict(os.environ), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        kd.predict_dataset(images, model, workers=1, batch_size=20, out=tmp_path / "answers")
    assert seen["open"] == {"127.0.0.1"}
    assert seen["hushed"]
    assert len(seen["family"]) >= 3
    assert seen["asking"] == [], "a thread that asks Ray now ends this process, silently"
    assert gone(seen["family"])
    assert not seen["folder"].exists()
    assert (dict(os.environ), signal.getsignal(signal.SIGTERM)) == before
    assert list(tmp_path.iterdir()) == []
    assert not cluster.import_ray().is_initialized()
