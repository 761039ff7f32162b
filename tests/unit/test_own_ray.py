"""A Ray for a lesson: on loopback, silent, handed out once, and nothing left behind."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from limits import within
from processes import answers_of, listening, living, psutil

import kerasdemo as kd
from kerasdemo import own_ray
from kerasdemo._installing import kit_with
from kerasdemo.scaling import folder

LIMIT = 60  # seconds that processes may take to end


def mortal(python):
    """Return the class of a worker that dies once; made here, as in a notebook, it travels."""

    class Mortal:
        def __init__(self, mark):
            self.mark, self.made = mark, time.time()

        def __call__(self, batch):
            if 70 in batch["id"] and not os.path.exists(self.mark):
                open(self.mark, "w").close()
                os._exit(1)
            rows, own = len(batch["id"]), "OF_ITS_OWN" in os.environ and sys.executable == python
            return {"id": batch["id"], "made": np.full(rows, self.made), "own": np.full(rows, own)}

    return Mortal


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Start a Ray, let workers work and die, end it; note what was there at each time.

    Python lies in a folder as many people have one: with a blank, and a letter beyond ASCII.
    """
    pytest.importorskip("ray.data", reason='pip install "kerasdemo[scale]"')
    here = tmp_path_factory.mktemp("ray")
    python = sys.executable
    if os.name != "nt":  # there a link needs more rights than a student has
        place = here / "Meine Übungen"
        place.symlink_to(sys.prefix, target_is_directory=True)
        python = str(place / Path(sys.executable).relative_to(sys.prefix))
    with within(5 * LIMIT), mock.patch.object(sys, "executable", python):
        return what_is_seen(str(here / "died"))


def what_is_seen(mark):
    import ray

    me, found = psutil.Process(), {}
    before = set(me.children(recursive=True))
    variables = dict(os.environ)
    context = ray.data.DataContext.get_current()
    found["bars before"] = context.enable_progress_bars
    cluster = kd.start_ray(cores=2)
    try:
        found["again"] = kd.start_ray() is cluster
        found["open"] = repr(cluster)
        found["bars"], found["waits"] = context.enable_progress_bars, context.wait_for_min_actors_s
        made = ray.data.range(128, override_num_blocks=16).map_batches(
            mortal(sys.executable),
            batch_size=8,
            compute=ray.data.ActorPoolStrategy(size=2),
            num_cpus=1,
            fn_constructor_args=(mark,),
            runtime_env={"env_vars": {"OF_ITS_OWN": "1"}},  # bash starts such workers
        )
        parts = list(made.iter_batches(batch_size=None))
        found["ids"] = np.concatenate([part["id"] for part in parts])
        found["own"] = np.concatenate([part["own"] for part in parts]).all()
        found["made"] = set(np.concatenate([part["made"] for part in parts]))
        found["died"] = os.path.exists(mark)
        mine = set(me.children(recursive=True)) - before
        lines = " ".join(
            arg for line in answers_of(mine, psutil.Process.cmdline).values() for arg in line
        )
        folders = {Path(place) for place in re.findall(r"--temp-dir=(\S+)", lines)}
        found["had a folder"] = [each.exists() for each in folders] == [True]
        found["listening"] = listening(mine)
        time.sleep(2)  # what is said of the dead comes late
    finally:
        cluster.close()
    cluster.close()
    _, left = psutil.wait_procs(mine, timeout=LIMIT)
    found["left"] = living(left)
    found["folders"] = [each for each in folders if each.exists()]
    found["closed"] = repr(cluster)
    found["bars after"] = context.enable_progress_bars
    found["changed"] = {
        name
        for name in variables.keys() | os.environ.keys()
        if name.startswith("RAY") and variables.get(name) != os.environ.get(name)
    } - {"RAY_AUTH_MODE"}
    return found


def test_it_is_silent_even_when_a_worker_dies(capfd, request):
    found = request.getfixturevalue("seen")
    assert found["died"]
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_all_rows_come_back_once_and_all_workers_are_waited_for(seen):
    assert sorted(seen["ids"]) == list(range(128))
    assert len(seen["made"]) >= 2
    assert seen["own"], "each has its variable, and the Python of this program"
    assert seen["waits"] > 0


def test_it_listens_on_loopback_alone(seen):
    assert seen["listening"]
    assert seen["listening"] <= {"127.0.0.1", "::1"}


def test_one_that_runs_is_handed_out_again(seen):
    assert seen["again"]
    assert "on 127.0.0.1 only" in seen["open"]


def test_nothing_is_left(seen):
    assert seen["left"] == []
    assert seen["had a folder"]
    assert seen["folders"] == []
    assert "ended" in seen["closed"]
    assert seen["bars"] is False
    assert seen["bars after"] == seen["bars before"]
    assert seen["changed"] == set()
    assert own_ray._running == []


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/usr/bin/python3", None),
        ("/home/ada/My Kit/bin/python", "'/home/ada/My Kit/bin/python'"),
        ("/home/o'neil/$kit/python", """'/home/o'"'"'neil/$kit/python'"""),
    ],
)
def test_a_path_of_python_that_bash_would_not_read_whole_is_quoted(path, given, monkeypatch):
    monkeypatch.setattr(sys, "executable", path)
    monkeypatch.setattr(sys, "platform", "linux")
    assert folder.python_for_bash() == (given and {"py_executable": given})
    monkeypatch.setattr(sys, "platform", "win32")
    assert folder.python_for_bash() is None  # no bash there


def test_one_that_somebody_else_ended_is_not_handed_out(monkeypatch):
    pytest.importorskip("ray.data")

    class Stand:
        def __init__(self, cores, data):
            self.cores = cores

        def close(self):
            own_ray._running.remove(self)

    monkeypatch.setattr(own_ray, "OwnRay", Stand)
    try:
        ended = kd.start_ray(cores=3)  # no Ray runs, as after ray.shutdown()
        assert kd.start_ray(cores=4) is not ended
        assert [running.cores for running in own_ray._running] == [4]
    finally:
        own_ray._running.clear()


@pytest.mark.parametrize("wrong", [{"cores": 0}, {"data": 0}])
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(ValueError, match="expected 1 or more"):
        kd.start_ray(**wrong)


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=re.escape(kit_with("scale")) + "$"):
        kd.start_ray()
    assert own_ray._running == []
