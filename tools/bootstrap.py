"""Make `.venv`, install kerasdemo into it and run one of the project's jobs there.

`make` calls this script; without make, call it by hand, on any system::

    python3 tools/bootstrap.py lab
    python3 tools/bootstrap.py test -- tests/unit -k doctor

It needs the standard library only and is written so that Python 3.6 can still read it: a Python
that is too old gets a sentence that says what to type, never a SyntaxError.
"""

import argparse
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAMP = "kerasdemo-setup.json"  # in the virtual environment: who made it, what is in it
NEEDED_GB = 4  # 2.6 GB installed (TensorFlow is most of it), the rest while it is unpacked
HEARTBEAT = 20  # seconds of silence before a line says that work goes on
WINDOWS = os.name == "nt"

# Each job: the extra of pyproject.toml that it needs, what it runs, and the line for --help.
JOBS = {
    "lab": ("lab", None, "start JupyterLab with the lessons"),
    "test": ("test", ["tools/run_tests.py"], "run every test, layer by layer"),
    "lint": ("test", ["tools/run_tests.py", "--only", "lint"], "ruff and mypy alone"),
    "bench": ("test", ["tests/benchmarks/bench.py"], "measure the budgets"),
    "notebooks": ("test", ["tools/make_notebooks.py"], "run the lessons and store their outputs"),
    "digits": ("test", ["tools/make_digits.py"], "remake the embedded digits"),
    "constraints": ("test", None, "remake .ci/constraints.txt"),
    "install": ("test", None, "make the virtual environment and stop there"),
    "clean": (None, None, "remove what the other jobs made"),
}
INCLUDED = {"lab": ("lab", "test"), "test": ("test",)}  # the `test` extra contains `lab`

PROBE = """
import json, sys
missing = []
for name in ("ssl", "venv", "ensurepip"):
    try:
        __import__(name)
    except Exception:
        missing.append(name)
print(json.dumps({"version": list(sys.version_info[:3]), "path": sys.executable,
                  "missing": missing}))
"""
OFFLINE = re.compile(
    r"dns error|name resolution|name or service not known|getaddrinfo|NewConnectionError"
    r"|connection (?:refused|reset|broken|timed out)|network is unreachable|ConnectTimeout"
    r"|error sending request|failed to fetch|nodename nor servname|tcp connect error|ProxyError",
    re.IGNORECASE,
)
FULL = re.compile(r"no space left|disk quota exceeded|not enough space", re.IGNORECASE)


class Stop(Exception):
    """The set-up cannot go on; the text says why and what to type."""


def say(text):
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


# --- which Python ---------------------------------------------------------------------------


def supported(root):
    """Read the range of Pythons from pyproject.toml, the one place that states it."""
    with open(os.path.join(root, "pyproject.toml"), encoding="utf-8") as file:
        found = re.search(r'requires-python\s*=\s*">=3\.(\d+),\s*<3\.(\d+)"', file.read())
    return (3, int(found.group(1))), (3, int(found.group(2)))


def probe(command):
    """Ask a Python for its version, or get None when it doesn't run (as a pyenv shim may not)."""
    try:
        done = subprocess.run(
            [command, "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            timeout=60,
        )
        return json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def dotted(version):
    """Write (3, 11, 7) as 3.11.7."""
    return ".".join(str(part) for part in version)


def in_range(found, root):
    """Tell whether a probed Python is one that the kit runs on."""
    low, high = supported(root)
    return low <= tuple(found["version"][:2]) < high


def find_python(root, asked=None):
    """Find a Python in the range that can make virtual environments."""
    low, high = supported(root)
    span = "{} to 3.{}".format(dotted(low), high[1] - 1)
    names = ["python3.{}".format(minor) for minor in range(high[1] - 1, low[1] - 1, -1)]
    unfit = None
    for name in [asked] if asked else [sys.executable, *names]:
        found = probe(name)
        if found is None or not in_range(found, root):
            continue
        if not found["missing"]:
            return found
        unfit = unfit or found
    if unfit:
        raise Stop(
            "{path} (Python {version}) lacks {modules}, which it takes to make a virtual "
            "environment. On Debian or Ubuntu, type\n"
            "    sudo apt install python3-venv        (or python{minor}-venv)\n"
            "and then the same command again.".format(
                path=unfit["path"],
                version=dotted(unfit["version"]),
                modules=" and ".join(unfit["missing"]),
                minor=dotted(unfit["version"][:2]),
            )
        )
    if asked:
        seen = probe(asked)
        raise Stop(
            "PYTHON={} {}; kerasdemo needs Python {}. Leave PYTHON= out to let it look for "
            "one.".format(
                asked, "is Python " + dotted(seen["version"]) if seen else "doesn't run", span
            )
        )
    raise Stop(
        "kerasdemo needs Python {span}. This is Python {here} ({path}), and none of {names} runs "
        "here. Install one:\n"
        "    Debian, Ubuntu   sudo apt install python3 python3-venv\n"
        "    macOS            brew install python@3.12\n"
        "    Windows          winget install Python.Python.3.12\n"
        "    with conda       conda env create -f environment.yml\n"
        "If you have one elsewhere: make lab PYTHON=/path/to/python3.12".format(
            span=span,
            here=dotted(sys.version_info[:3]),
            path=sys.executable,
            names=", ".join(names),
        )
    )


# --- the virtual environment and its stamp --------------------------------------------------


def python_of(venv):
    """Name the interpreter inside a virtual environment."""
    return os.path.join(venv, "Scripts", "python.exe") if WINDOWS else venv + "/bin/python"


def clean_environment(venv=None):
    """Copy our environment without what would leak another Python's packages into the venv."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    env["PIP_USER"] = "0"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if venv:
        env["VIRTUAL_ENV"] = venv
        env["PATH"] = os.path.dirname(python_of(venv)) + os.pathsep + env.get("PATH", "")
    return env


def read_stamp(venv):
    """Read what was recorded about a virtual environment; {} when nothing was."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_stamp(venv, stamp):
    """Record it in one step, so that no half-written stamp is ever read."""
    path = os.path.join(venv, STAMP)
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(stamp, file, indent=1, sort_keys=True)
    os.replace(path + ".part", path)


def fingerprint(path):
    """Hash a file's content; '' for no file."""
    if not path:
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def installed_already(stamp, extra, root, constraints):
    """Tell whether the stamp covers what is asked for."""
    have = stamp.get("installed") or {}
    return (
        have.get("extra") in INCLUDED[extra]
        and have.get("pyproject") == fingerprint(os.path.join(root, "pyproject.toml"))
        and (not constraints or have.get("constraints") == fingerprint(constraints))
    )


def trouble_with(venv, stamp, root, asked=None):
    """Say why an existing virtual environment cannot be used; '' when it can."""
    inside = probe(python_of(venv))
    if inside is None:
        return "its Python does not run"
    minor = dotted(inside["version"][:2])
    if not in_range(inside, root):
        return "it holds Python " + minor
    if stamp.get("ours"):
        if not stamp.get("installed"):
            return "its set-up was not finished"
        if stamp["root"] != root:
            return "the project has moved here from " + stamp["root"]
        if stamp["python"] != minor:
            return "it was made for Python {} and now finds {}".format(stamp["python"], minor)
    if asked:
        wanted = dotted(find_python(root, asked)["version"][:2])
        if wanted != minor:
            return "it holds Python {}, and {} was asked for".format(minor, wanted)
    return ""


def settle_venv(venv, root, asked=None):
    """Leave a virtual environment that runs; remake it when ours is broken. Return its stamp."""
    stamp = read_stamp(venv)
    if os.path.lexists(venv) and (os.path.islink(venv) or os.listdir(venv)):
        trouble = trouble_with(venv, stamp, root, asked)
        if not trouble:
            return stamp
        if not stamp.get("ours") or os.path.islink(venv):
            raise Stop(
                "{} cannot be used: {}. It was not made by this project, so it stays as it is. "
                "Rename it, or choose another folder: make lab VENV=.venv-kerasdemo".format(
                    venv, trouble
                )
            )
        say("Making {} anew: {}.".format(os.path.basename(venv), trouble))
        shutil.rmtree(venv)
    base = find_python(root, asked)
    free = shutil.disk_usage(root).free / 1e9
    if free < NEEDED_GB:
        raise Stop(
            "The disk has {:.1f} GB free; TensorFlow and JupyterLab need about {} GB. Make room, "
            "then type the same command again.".format(free, NEEDED_GB)
        )
    version = dotted(base["version"])
    say("Making {} with Python {} ({}).".format(os.path.basename(venv), version, base["path"]))
    os.makedirs(venv, exist_ok=True)
    stamp = {"ours": True, "root": root, "python": dotted(base["version"][:2])}
    write_stamp(venv, stamp)
    code, output = stream([base["path"], "-m", "venv", venv], clean_environment(), show=False)
    if code:
        raise Stop(explain("The virtual environment could not be made.", output))
    return stamp


# --- installing -----------------------------------------------------------------------------


def stream(command, env, show=True):
    """Run a command, pass on the lines that tell of progress; return its status and output."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=ROOT
    )
    lines = queue.Queue()

    def read():
        for raw in process.stdout:
            lines.put(raw.decode("utf-8", "replace").rstrip())
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    output, silent = [], 0
    try:
        while True:
            try:
                line = lines.get(timeout=HEARTBEAT)
            except queue.Empty:
                silent += HEARTBEAT
                say("  ... still at work ({} s)".format(silent))
                continue
            if line is None:
                break
            silent = 0
            output.append(line)
            # Of uv and pip alike: what is fetched and how far it is, not each of 120 packages.
            if show and re.match(r"\s*(Resolv|Download|Prepar|Install|Bytecode|Collect)", line):
                say("  " + line.strip()[:90])
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
    return process.returncode, "\n".join(output)


def explain(what, output):
    """Turn the output of a failed command into what happened and what to do."""
    if FULL.search(output):
        why = "The disk is full (about {} GB are needed). Make room".format(NEEDED_GB)
    elif OFFLINE.search(output):
        why = (
            "The package index cannot be reached. Check the network (behind a proxy, set "
            "HTTPS_PROXY)"
        )
    else:
        why = "The lines above say why. When that is mended"
    tail = "\n".join("  | " + line for line in output.splitlines()[-12:])
    return "{}\n{}\n{}, then type the same command again.".format(tail, what, why)


def index_settings(python, env):
    """Tell uv of the index that pip is configured for; uv doesn't read pip's settings."""
    env = dict(env)
    done = subprocess.run(
        [python, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, env=env, cwd=ROOT
    )
    pairs = re.findall(r"\.([a-z-]+)='([^']*)'", done.stdout.decode("utf-8", "replace"))
    settings = dict(pairs)
    if not any(name in env for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
        if "index-url" in settings:
            env["UV_DEFAULT_INDEX"] = settings["index-url"]
    if "cert" in settings:
        env.setdefault("SSL_CERT_FILE", settings["cert"])
    return env


def pip_install(venv, arguments, constraints=None):
    """Install with uv, or with plain pip where uv cannot be had or fails."""
    python, env = python_of(venv), clean_environment(venv)
    limits = ["--constraint", constraints] if constraints else []
    pip = [python, "-m", "pip", "install"]
    fast = probe_uv(python, env)
    if not fast:
        fetch = [*pip, "--quiet", "--retries", "1", "uv", *limits]
        stream(fetch, env, show=False)
        fast = probe_uv(python, env)
    if fast:
        uv = [python, "-m", "uv", "pip", "install", "--python", python, "--compile-bytecode"]
        code, output = stream(uv + arguments + limits, index_settings(python, env))
        if code == 0 or FULL.search(output):
            return code, output
        say("  uv could not do it; trying plain pip.")
    return stream(pip + arguments + limits, env)


def probe_uv(python, env):
    """Tell whether uv runs inside the virtual environment."""
    done = subprocess.run(
        [python, "-m", "uv", "--version"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=env,
    )
    return done.returncode == 0


def install(venv, extra, root, constraints):
    """Install the kit, editable, with one extra, and stamp it when it is complete."""
    stamp = read_stamp(venv) or {"ours": False}
    stamp.pop("installed", None)
    write_stamp(venv, stamp)  # until the end of this function, the set-up is not finished
    say("Installing kerasdemo[{}] and what it needs (once; about 600 MB).".format(extra))
    code, output = pip_install(venv, ["--editable", "{}[{}]".format(root, extra)], constraints)
    if code:
        raise Stop(explain("The packages could not be installed.", output))
    stamp["installed"] = {
        "extra": extra,
        "pyproject": fingerprint(os.path.join(root, "pyproject.toml")),
        "constraints": fingerprint(constraints),
    }
    write_stamp(venv, stamp)


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


def prepare(venv, extra, root=ROOT, asked=None, constraints=None):
    """Make sure that the virtual environment is there and complete; return its Python."""
    stamp = settle_venv(venv, root, asked)
    if not installed_already(stamp, extra, root, constraints):
        install(venv, extra, root, constraints)
    return python_of(venv)


# --- the jobs -------------------------------------------------------------------------------


def lab_command(python, root, port=None, browser=None):
    """Compose the call of JupyterLab: this machine only, no news, the first lesson open."""
    start = os.path.join(root, "notebooks", "00_start_here.ipynb")
    command = [
        python,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.root_dir=" + root,
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--Application.log_level=WARN",
    ]
    if port:
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise Stop("PORT={} is no port: give a number from 1024 to 65535.".format(port))
        command.append("--ServerApp.port=" + port)
    if browser == "none":
        command.append("--ServerApp.open_browser=False")
    elif browser:
        command.append("--ServerApp.browser=" + browser)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return [*command, start]


def make_constraints(python, venv, root):
    """Resolve every dependency for all supported Pythons into .ci/constraints.txt."""
    low, _ = supported(root)
    command = [python, "-m", "uv", "pip", "compile", "pyproject.toml", "-", "--extra", "test"]
    command += ["--universal", "--python-version", dotted(low), "--upgrade", "--quiet"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate"]
    command += ["--output-file", ".ci/constraints.txt"]
    env = index_settings(python, clean_environment(venv))
    # Besides the kit's own: the installer, and the package that the digits are remade from.
    done = subprocess.run(command, input=b"uv\nscikit-learn\n", env=env, cwd=root)
    return done.returncode


def clean(venv, root):
    """Remove what this script and the tools made; keep a virtual environment that is not ours."""
    if read_stamp(venv).get("ours") and not os.path.islink(venv):
        shutil.rmtree(venv)
    elif os.path.lexists(venv):
        say("{} was not made by this project: kept.".format(venv))
    for name in ("build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(os.path.join(root, name), ignore_errors=True)


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
        epilog="jobs:\n" + "\n".join("  {:<12} {}".format(n, j[2]) for n, j in JOBS.items()),
    )
    parser.add_argument("job", choices=list(JOBS), metavar="job")
    parser.add_argument("--python", help="the Python to use (default: this one, or any that fits)")
    parser.add_argument("--venv", default=".venv", help="the folder to install into")
    parser.add_argument("--port", help="where JupyterLab listens (default: 8888 or the next free)")
    parser.add_argument("--browser", help="the browser to open; `none` opens none")
    parser.add_argument("--constraints", help="a file with exact versions")
    cut = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:cut])
    options.venv = os.path.join(ROOT, os.path.expanduser(options.venv))
    if options.constraints:
        options.constraints = os.path.abspath(options.constraints)
        if not os.path.isfile(options.constraints):
            raise Stop("CONSTRAINTS={}: there is no such file.".format(options.constraints))
    return options, argv[cut + 1 :]


def run(argv):
    """Prepare, then run one job; return its exit status."""
    options, extra_arguments = parse(argv)
    extra, script, _ = JOBS[options.job]
    if options.job == "clean":
        clean(options.venv, ROOT)
        return 0
    python = prepare(options.venv, extra, ROOT, options.python, options.constraints)
    if options.job == "constraints":
        return make_constraints(python, options.venv, ROOT)
    if options.job == "install":
        say("Ready: " + python)
        return 0
    if options.job == "lab":
        command = lab_command(python, ROOT, options.port, options.browser)
        say("Starting JupyterLab; Ctrl-C stops it.")
    else:
        if options.job in ("test", "digits"):
            fetch_digits_source(options.venv, ROOT, options.constraints)
        command = [python, *script]
    return hand_over(command + extra_arguments, clean_environment(options.venv))


def main():
    """Run, and say in one place what stopped us."""
    try:
        return run(sys.argv[1:])
    except Stop as stop:
        print("\n{}".format(stop), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command starts again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
