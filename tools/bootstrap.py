"""Make `.venv`, install kerasdemo into it and run one of the project's jobs there.

`make` calls this script; without make, call it by hand, on any system::

    python3 tools/bootstrap.py lab
    python3 tools/bootstrap.py test -- tests/unit -k doctor

It needs the standard library only and is written so that Python 3.6 can still read it: a Python
that is too old gets a sentence that says what to type, never a SyntaxError.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time

from pip_or_uv import pip_install
from pythons import WINDOWS, Stop, clean_environment, say
from surroundings import keras_on_tensorflow, settle_home, speak_plainly, speak_utf8
from venvs import prepare, read_stamp
from wheel_folder import FOLDER

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Each job: the extra of pyproject.toml that it needs, what it runs, and the line for --help.
JOBS = {
    "lab": ("lab", None, "start JupyterLab with the lessons"),
    "test": ("test", ["tools/run_tests.py"], "run every test, layer by layer"),
    "mutants": ("test", ["tools/mutants.py"], "how many faults in the modules the tests notice"),
    "coverage": ("test", ["tools/run_coverage.py"], "which branches the tests take"),
    "lint": ("test", ["tools/run_tests.py", "--only", "lint"], "ruff and mypy alone"),
    "bench": ("test", ["tests/benchmarks/bench.py"], "measure the budgets"),
    "bench-hub": ("test", ["tests/benchmarks/bench_hub.py"], "how many students fit on a machine"),
    "notebooks": ("test", ["tools/make_notebooks.py"], "run the lessons and store their outputs"),
    "wheels": ("uv", ["tools/make_wheels.py"], "fetch what make lab needs, for machines offline"),
    "hub": ("lab", ["hub/try_hub.py"], "a JupyterHub with the lessons, to try out (Linux)"),
    "site": ("test", ["tools/make_site.py"], "the lessons as web pages, in build/site"),
    "digits": ("test", ["tools/make_digits.py"], "remake the embedded digits"),
    "readme": ("test", ["tools/make_readme.py"], "put into README.md what its commands print"),
    "pictures": ("test", ["tools/make_pictures.py"], "take README.md's picture of the explorer"),
    "instructors": ("test", ["tools/make_instructors.py"], "remake docs/instructors.md's facts"),
    "constraints": ("test", ["tools/make_constraints.py"], "remake .ci/constraints*.txt"),
    "audit": ("test", ["tools/audit.py"], "ask which exact versions have known vulnerabilities"),
    "links": ("test", ["tools/make_links.py"], "the links to Binder and Colab"),
    "release": ("test", ["tools/make_release.py"], "build what PyPI gets and check it"),
    "install": ("test", None, "make the virtual environment and stop there"),
    "clean": (None, None, "remove what the other jobs made"),
}


def fetch_digits_source(venv, root, constraints):
    """Put scikit-learn beside the kit, not into it: only the remake of the digits reads it."""
    target = os.path.join(root, "build", "scikit-learn")
    if os.path.isdir(os.path.join(target, "sklearn")):
        return
    say("Fetching scikit-learn into build/ (the source of the embedded digits).")
    arguments = ["--target", target, "--no-deps", "scikit-learn"]
    code, _ = pip_install(venv, arguments, constraints)
    if code:
        say("  It could not be fetched: the test that remakes the digits will be skipped.")


def fetch_mutator(venv, root, constraints):
    """Put cosmic-ray beside the kit: its operators alone are used.

    The dozen packages that it depends on (a database, a web server) are for its own command, so
    that it would be no small part of an extra. stevedore finds the operators.
    """
    target = os.path.join(root, "build", "cosmic-ray")
    if os.path.isdir(os.path.join(target, "cosmic_ray")):
        return
    say("Fetching cosmic-ray into build/ (it makes the mutants).")
    arguments = ["--target", target, "--no-deps", "cosmic-ray>=8.3,<9", "stevedore>=5,<6"]
    code, _ = pip_install(venv, arguments, constraints)
    if code:
        raise Stop("It could not be fetched, and nothing else makes the mutants.")


def record_set_up(root, extra, seconds):
    """Leave for `make bench` what a set-up from nothing took; say nothing if it cannot be left."""
    folder = os.path.join(root, "build", "reports")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "setup.json"), "w", encoding="utf-8") as file:
            json.dump({"extra": extra, "seconds": seconds}, file)
    except OSError:  # a read-only checkout can still run the lessons
        pass


def ask_no_news(venv):
    """Let JupyterLab not ask whether to fetch news: its box covers the corner of every lesson."""
    folder = os.path.join(venv, "share", "jupyter", "lab", "settings")
    path = os.path.join(folder, "overrides.json")
    if os.path.exists(path):
        return
    os.makedirs(folder, exist_ok=True)
    notification = {"fetchNews": "false", "checkForUpdates": False}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"@jupyterlab/apputils-extension:notification": notification}, file)


def lab_command(python, root, port=None, browser=None):
    """Compose the call of JupyterLab: this machine only, no news, the first lesson open.

    What it saves can be read without a kernel, and widgets need not wait for the network's buffers
    (kerasdemo/saving.py and prompt_messages.py say how a hub does the same). What the server
    and its kernels say to each other is encrypted where they can: else each warns, on the terminal,
    of those who listen.
    """
    command = [
        python,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.root_dir=" + root,
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--ServerApp.contents_manager_class=kerasdemo.notebook_files.NotebookFiles",
        "--ServerApp.kernel_websocket_connection_class=kerasdemo.prompt_messages.PromptConnection",
        "--KernelManager.transport_encryption=auto",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--Application.log_level=WARN",
    ]
    if port:
        command.append(f"--ServerApp.port={port}")
    if browser == "none":
        command.append("--ServerApp.open_browser=False")
    elif browser:
        command.append("--ServerApp.browser=" + browser)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def clean(venv, root):
    """Remove what this script and the tools made; keep a virtual environment that is not ours.

    The folder of wheels stays, too: where there is no network nothing brings it back.
    """
    if read_stamp(venv).get("ours") and not os.path.islink(venv):
        shutil.rmtree(venv)
    elif os.path.lexists(venv):
        say(f"{venv} was not made by this project: kept.")
    for name in ("build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(os.path.join(root, name), ignore_errors=True)
    if os.path.isdir(os.path.join(root, FOLDER)):
        say(f"The folder {FOLDER} stays, for machines without a network. Delete it by hand.")


def hand_over(command, env):
    """Become the command, so that Ctrl-C and signals reach it; on Windows, run it."""
    if not WINDOWS:
        os.chdir(ROOT)
        os.execve(command[0], command, env)
    return subprocess.call(command, env=env, cwd=ROOT)


def parse(argv):
    """Split our own options from the arguments after `--`, which the job gets."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description=__doc__.split("\n\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="jobs:\n" + "\n".join(f"  {n:<12} {j[2]}" for n, j in JOBS.items()),
    )
    parser.add_argument("job", choices=list(JOBS), metavar="job")
    parser.add_argument("--python", help="the Python to use (default: this one, or any that fits)")
    parser.add_argument("--venv", default=".venv", help="the folder to install into")
    parser.add_argument(
        "--port", help="where JupyterLab (8888 or the next free) or the hub (8000) is"
    )
    parser.add_argument("--browser", help="the browser to open; `none` opens none")
    parser.add_argument("--constraints", help="a file with exact versions")
    cut = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:cut])
    options.venv = os.path.join(ROOT, os.path.expanduser(options.venv))
    port = options.port
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        raise Stop(f"PORT={port} is no port: give a number from 1024 to 65535.")
    if options.constraints:
        options.constraints = os.path.abspath(options.constraints)
        if not os.path.isfile(options.constraints):
            raise Stop(f"CONSTRAINTS={options.constraints}: there is no such file.")
    return options, argv[cut + 1 :]


def run(argv):
    """Prepare, then run one job; return its exit status."""
    options, extra_arguments = parse(argv)
    extra, script, _ = JOBS[options.job]
    if options.job == "clean":
        clean(options.venv, ROOT)
        return 0
    settle_home()
    start, made_before = time.monotonic(), read_stamp(options.venv).get("made")
    limits = None if extra == "uv" else options.constraints  # of what it fetches, not of itself
    python = prepare(options.venv, extra, ROOT, options.python, limits)
    if options.job in ("test", "digits"):
        fetch_digits_source(options.venv, ROOT, options.constraints)
    if options.job == "mutants":
        fetch_mutator(options.venv, ROOT, options.constraints)
    if extra != "uv" and read_stamp(options.venv).get("made") != made_before:
        record_set_up(ROOT, extra, time.monotonic() - start)
    if options.job == "install":
        say("Ready: " + python)
        return 0
    env = clean_environment(options.venv)
    if options.job == "lab":
        ask_no_news(options.venv)
        command = lab_command(python, ROOT, options.port, options.browser)
        env = keras_on_tensorflow(env)
        say("Starting JupyterLab; Ctrl-C stops it.")
    else:
        command = [python, *script]
        if options.job == "hub" and options.port:
            command += ["--port", options.port]
        if options.job == "wheels" and options.constraints:
            command += ["--constraints", options.constraints]
    return hand_over(command + extra_arguments, env)


def main():
    """Run, and say in one place what stopped us."""
    speak_utf8()
    speak_plainly()
    try:
        return run(sys.argv[1:])
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command starts again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
