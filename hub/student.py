"""A student's server: prepare the place it runs in, fetch the lessons, become JupyterLab.

The hub starts this file, with the student's own rights, in place of ``jupyterhub-singleuser``;
arguments go on to it. On one machine ``jupyterhub_config.py`` says so, on Kubernetes
``values.yaml`` and the image. Everything that is the same in both places is here, and everything
that is specific comes in through the environment, none of it needed:

KERASDEMO_LESSONS
    Address of a git repository with the lessons; without it no copy is made.
KERASDEMO_LESSONS_BRANCH
    Its branch (main).
KERASDEMO_IDLE_MINUTES
    Kernels, and then the server, end after so many minutes without work (60).
KERASDEMO_PRIVATE
    A folder of the student's alone, for sockets and temporary files (one in /tmp is made).
KERASDEMO_MODELS
    A shared Keras folder with prepared files in ``models`` and ``datasets``, only read.

All of it is in one file, because an image or an admin copies it alone.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

LOG = logging.getLogger("kerasdemo.hub")
LESSONS = "lessons"  # the folder in the student's home
START = "00_start_here.ipynb"
LONGEST_SOCKET = 107  # bytes of a socket's path, sockaddr_un.sun_path of unix(7) without its zero
SOCKET = "/jupyter/kernel-" + 36 * "x" + "-ipc-5"  # jupyter_client/connect.py, _ip_default
PULL_SECONDS = 120  # then the student starts without news rather than not at all
GIT = {  # what students set up for their own work must not stop or ask: git-config(1)
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "commit.gpgSign",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "core.hooksPath",
    "GIT_CONFIG_VALUE_1": os.devnull,
}
NOTHING_KEPT = "NOTHING_HERE_IS_KEPT.txt"
WARNING = """\
Your home folder cannot be written to (it is full, or read-only), so you are working in a temporary
copy. It goes away when your server stops. To keep a notebook: File, Download. Then tell whoever
runs this hub.
"""


def writable(folder: Path) -> bool:
    """Try to write a block into a folder; on a full disk an empty file would still be made."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * 4096)
    except OSError:
        return False
    return True


def private_folder() -> Path:
    """Return a folder that only this student can look into, with a path short enough."""
    given = os.environ.get("KERASDEMO_PRIVATE")
    if given and len(given.encode()) + len(SOCKET) <= LONGEST_SOCKET and writable(Path(given)):
        folder = Path(given)
    else:
        folder = Path(tempfile.mkdtemp(prefix="kd-", dir="/tmp"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o700)
    for name in ("jupyter", "tmp"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    return folder


def places(home: Path, private: Path, *, kept: bool) -> dict[str, str]:
    """Say where programs write: sockets and temporary files in private, the rest at home.

    A home that cannot be written to is replaced for Jupyter, IPython, Matplotlib, Keras and all
    that follows the XDG specification. Without ``KERAS_HOME``, Keras would turn to one folder below
    /tmp for all students (keras/src/backend/config.py), and the second would not be let in.
    """
    found = {"TMPDIR": private / "tmp", "JUPYTER_RUNTIME_DIR": private / "jupyter"}
    if not kept:
        found |= {
            "JUPYTER_DATA_DIR": private / "data",
            "JUPYTER_CONFIG_DIR": private / "config",
            "JUPYTERLAB_SETTINGS_DIR": private / "lab" / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": private / "lab" / "workspaces",
            "IPYTHONDIR": private / "ipython",
            "MPLCONFIGDIR": private / "matplotlib",
            "XDG_CACHE_HOME": private / "cache",
            "XDG_CONFIG_HOME": private / "xdg-config",
            "XDG_DATA_HOME": private / "xdg-data",
            "XDG_STATE_HOME": private / "xdg-state",
        }
        for folder in found.values():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keras = home / ".keras" if kept else private / "keras"
    return {name: str(folder) for name, folder in found.items()} | {"KERAS_HOME": str(keras)}


def link_models(shared: Path, keras: Path) -> None:
    """Let Keras find the prepared files in its own folder, which it insists on writing to.

    A ``KERAS_HOME`` that cannot be written to is ignored (keras/src/utils/file_utils.py, get_file),
    so each file of the shared folder is linked into the student's.
    """
    for kind in ("models", "datasets"):
        for file in sorted((shared / kind).glob("*")):
            link = keras / kind / file.name
            link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not link.exists():
                link.unlink(missing_ok=True)  # one that leads nowhere any more
                link.symlink_to(file)


def run(command: list[str], **options: object) -> bool:
    """Run a command, put what it says into the log, and tell whether it went well."""
    try:
        with subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
            **options,
        ) as process:
            try:
                said, _ = process.communicate(timeout=PULL_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # and git, which it has started
                raise
    except (OSError, subprocess.TimeoutExpired) as error:
        LOG.warning("%s: %s", command[-1], error)
        return False
    LOG.log(logging.WARNING if process.returncode else logging.INFO, "%s", said[-2000:])
    return process.returncode == 0


def broken_notebooks(folder: Path) -> list[str]:
    """Return the notebooks that are no JSON any more: a merge knows lines, not cells."""
    broken = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            broken.append(path.name)
    return broken


def fetch_lessons(folder: Path, url: str, branch: str, private: Path) -> None:
    """Make the student's copy, or merge what is new into it; what the student changed stays.

    nbgitpuller does both (nbgitpuller/pull.py): where both changed a line, the student's stays. A
    notebook that the merge broke is set back to what the student had.
    """
    if folder.exists() and not (folder / ".git").exists():
        # git would go up, and take a repository that the home itself may be for the lessons'.
        try:
            folder.rmdir()  # an empty one is only in the way
        except OSError:
            LOG.warning("%s is no copy of the lessons: it stays as it is, without news", folder)
            return
    settings = os.environ | GIT
    was_broken = broken_notebooks(folder)
    command = [sys.executable, "-m", "nbgitpuller.pull", url, branch, str(folder)]
    if not run(command, cwd=private, env=settings):
        LOG.warning("the lessons could not be fetched from %s", url)
        return
    for name in set(broken_notebooks(folder)) - set(was_broken):
        # The commit that the merge was made into: nbgitpuller's own of the student's changes.
        mend = ["git", "-C", str(folder), "checkout", "--quiet", "HEAD^1", "--", name]
        LOG.warning("%s did not survive the update; the student's version is back", name)
        run(mend, env=settings)


def temporary_home(home: Path, private: Path) -> Path:
    """Return a folder to work in for a student whose home cannot be written to."""
    work = private / "home"
    work.mkdir(mode=0o700, exist_ok=True)
    (work / NOTHING_KEPT).write_text(WARNING, encoding="utf-8")
    own = home / LESSONS
    if own.is_dir() and not (work / LESSONS).exists():
        try:
            shutil.copytree(own, work / LESSONS, symlinks=True, ignore_dangling_symlinks=True)
        except OSError as error:
            LOG.warning("the copy of the lessons is not whole: %s", error)
    return work


def prepare() -> Path:
    """Prepare files and environment; return the folder that JupyterLab shows."""
    os.umask(0o077)  # what a student writes, no other student reads
    home, private = Path.home(), private_folder()
    kept = writable(home)
    os.environ |= places(home, private, kept=kept)
    root = home if kept else temporary_home(home, private)
    if not kept:
        LOG.warning("%s cannot be written to: nothing of this session is kept", home)
    if shared := os.environ.get("KERASDEMO_MODELS"):
        try:
            link_models(Path(shared), Path(os.environ["KERAS_HOME"]))
        except OSError as error:  # a file in the way, for example; lessons need none of them
            LOG.warning("the prepared files for Keras are not all linked: %s", error)
    if url := os.environ.get("KERASDEMO_LESSONS"):
        branch = os.environ.get("KERASDEMO_LESSONS_BRANCH", "main")
        fetch_lessons(root / LESSONS, url, branch, private)
    first = root / LESSONS / START
    os.environ["JUPYTERHUB_ROOT_DIR"] = str(root)
    if not first.exists():  # anything is better than a page that says "not found"
        os.environ["JUPYTERHUB_DEFAULT_URL"] = "/lab"
    return root


def options(minutes: float) -> list[str]:
    """Return what a student's own settings do not change; server_files.py has the rest."""
    seconds = max(1, round(minutes * 60))
    return [
        # An open page is no work, a running cell is. Our widgets are still when nobody uses them.
        f"--MappingKernelManager.cull_idle_timeout={seconds}",
        f"--MappingKernelManager.cull_interval={min(60, max(1, seconds // 4))}",
        "--MappingKernelManager.cull_connected=True",
        "--MappingKernelManager.cull_busy=False",
        # A server with a terminal never ends; one without input and output is of no use.
        f"--TerminalManager.cull_inactive_timeout={seconds}",
        f"--TerminalManager.cull_interval={min(60, max(1, seconds // 4))}",
        f"--ServerApp.shutdown_no_activity_timeout={seconds}",
        # Nobody asks for these, and they are measured every second; the display has its own way.
        "--ResourceUseDisplay.enable_prometheus_metrics=False",
        # Nothing is fetched from anywhere.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]


def count_work_only() -> None:
    """Let requests that only read not keep a server alive.

    An open JupyterLab asks for kernels, sessions and files every few seconds, for ever, and Jupyter
    Server takes each answer for activity (APIHandler.update_api_activity in its base/handlers.py).
    Running a cell and saving a file count, as before.
    """
    from jupyter_server.base.handlers import APIHandler

    before = APIHandler.update_api_activity

    def update_api_activity(self: APIHandler) -> None:
        if self.request.method not in ("GET", "HEAD"):
            before(self)

    APIHandler.update_api_activity = update_api_activity


def be_killed_first() -> None:
    """When the machine's memory runs out, a student's processes go before the hub and its proxy."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500")
    except OSError:
        LOG.info("the order of those to be killed stays as it is")


def main() -> None:
    """Prepare, and become JupyterHub's single-user server."""
    logging.basicConfig(level=logging.INFO, format="[kerasdemo %(levelname)s] %(message)s")
    be_killed_first()
    os.chdir(prepare())
    count_work_only()
    sys.argv[1:1] = options(float(os.environ.get("KERASDEMO_IDLE_MINUTES", "60")))
    from jupyterhub.singleuser import main as serve

    serve()


if __name__ == "__main__":
    main()
