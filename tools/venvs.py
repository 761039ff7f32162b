"""Make a virtual environment, install the kit into it, and remember what it holds.

A stamp inside it says who made it and what was installed completely. So a second call does
nothing, an interrupted one is noticed, and a folder that somebody else made is never deleted.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time

from pythons import Stop, clean_environment, dotted, find_python, in_range, probe, python_of, say

STAMP = "kerasdemo-setup.json"
NEEDED_GB = 4  # 2.6 GB installed (TensorFlow is most of it), the rest while it is unpacked
HEARTBEAT = 20  # seconds of silence before a line says that work goes on
INCLUDED = {"lab": ("lab", "test"), "test": ("test",)}  # the `test` extra contains `lab`
OFFLINE = re.compile(
    r"dns error|name resolution|name or service not known|getaddrinfo|NewConnectionError"
    r"|connection (?:refused|reset|broken|timed out)|network is unreachable|ConnectTimeout"
    r"|error sending request|failed to fetch|nodename nor servname|tcp connect error|ProxyError",
    re.IGNORECASE,
)
# What is worth showing of uv's and pip's output: how far it is, not each of 120 packages.
PROGRESS = re.compile(r"\s*(Resolved|Downloading|Prepared|Installed|Bytecode|Collecting) ")
FULL = re.compile(r"no space left|disk quota exceeded|not enough space", re.IGNORECASE)


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
    try:
        os.makedirs(venv, exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(stamp, file, indent=1, sort_keys=True)
        os.replace(path + ".part", path)
    except OSError as error:
        if FULL.search(str(error)):
            raise Stop(explain(f"{venv} could not be written.", str(error))) from error
        raise Stop(
            f"{os.path.basename(venv)} cannot be written here ({error.strerror}: {venv}). "
            "Choose a folder of your own:\n"
            "    make lab VENV=~/kerasdemo-venv\n"
            "or, without make:\n"
            "    python3 tools/bootstrap.py lab --venv ~/kerasdemo-venv"
        ) from error


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
            return f"it was made for Python {stamp['python']} and now finds {minor}"
    if asked:
        wanted = dotted(find_python(root, asked)["version"][:2])
        if wanted != minor:
            return f"it holds Python {minor}, and {wanted} was asked for"
    return ""


def existing(path):
    """Find the nearest folder, the path itself or one above it, that exists."""
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def settle_venv(venv, root, asked=None):
    """Leave a virtual environment that runs; remake it when ours is broken. Return its stamp."""
    stamp = read_stamp(venv)
    empty = os.path.isdir(venv) and not os.path.islink(venv) and not os.listdir(venv)
    if os.path.lexists(venv) and not empty:
        trouble = trouble_with(venv, stamp, root, asked)
        if not trouble:
            return stamp
        if not stamp.get("ours") or os.path.islink(venv):
            raise Stop(
                f"{venv} cannot be used: {trouble}. "
                "It was not made by this project, so it stays as it is. Rename it, or choose "
                "another folder: make lab VENV=.venv-kerasdemo"
            )
        say(f"Making {os.path.basename(venv)} anew: {trouble}.")
        try:
            shutil.rmtree(venv)
        except OSError as error:
            what = f"{venv} cannot be removed ({error}). Close what uses it, then try again."
            raise Stop(what) from error
    base = find_python(root, asked)
    place = existing(venv)
    free = shutil.disk_usage(place).free / 1e9
    if free < NEEDED_GB:
        raise Stop(
            f"The disk of {place} has {free:.1f} GB free; TensorFlow and JupyterLab need about "
            f"{NEEDED_GB} GB. Make room, then type the same command again."
        )
    version = dotted(base["version"])
    say(f"Making {os.path.basename(venv)} with Python {version} ({base['path']}).")
    stamp = {"ours": True, "root": root, "python": dotted(base["version"][:2])}
    stamp["made"] = time.time()
    write_stamp(venv, stamp)
    code, output = stream([base["path"], "-m", "venv", venv], clean_environment(), show=False)
    if code:
        raise Stop(explain("The virtual environment could not be made.", output))
    return stamp


def stream(command, env, show=True):
    """Run a command, pass on the lines that tell of progress; return its status and output."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
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
                say(f"  ... still at work ({silent} s)")
                continue
            if line is None:
                break
            silent = 0
            output.append(line)
            if show and PROGRESS.match(line):
                say("  " + line.strip()[:90])
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
        process.stdout.close()
    return process.returncode, "\n".join(output)


def explain(what, output):
    """Turn the output of a failed command into what happened and what to do."""
    if FULL.search(output):
        why = f"The disk is full (about {NEEDED_GB} GB are needed). Make room"
    elif OFFLINE.search(output):
        why = (
            "The package index cannot be reached. Check the network (behind a proxy, set "
            "HTTPS_PROXY)"
        )
    else:
        why = "The lines above say why. When that is mended"
    tail = "\n".join("  | " + line[:160] for line in output.splitlines()[-12:])
    return f"{tail}\n{what}\n{why}, then type the same command again."


def index_settings(python, env):
    """Tell uv of the index that pip is configured for; uv doesn't read pip's settings."""
    env = dict(env)
    done = subprocess.run([python, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, env=env)
    pairs = re.findall(r"\.([a-z-]+)='([^']*)'", done.stdout.decode("utf-8", "replace"))
    settings = dict(pairs)
    if "index-url" in settings and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(env):
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
        code, output = stream(fetch, env, show=False)
        if code and OFFLINE.search(output):
            return code, output
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
    say(f"Installing kerasdemo[{extra}] and what it needs (once; about 600 MB).")
    code, output = pip_install(venv, ["--editable", f"{root}[{extra}]"], constraints)
    if code:
        raise Stop(explain("The packages could not be installed.", output))
    stamp["installed"] = {
        "extra": extra,
        "pyproject": fingerprint(os.path.join(root, "pyproject.toml")),
        "constraints": fingerprint(constraints),
    }
    write_stamp(venv, stamp)


def hold(root):
    """Wait until no other set-up of this checkout runs; where the system can tell (not Windows)."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up is running here; waiting for it to end.")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        pass
    return handle


def prepare(venv, extra, root, asked=None, constraints=None):
    """Make sure that the virtual environment is there and complete; return its Python."""
    handle = hold(root)
    try:
        stamp = settle_venv(venv, root, asked)
        if not installed_already(stamp, extra, root, constraints):
            install(venv, extra, root, constraints)
    finally:
        if handle is not None:
            os.close(handle)
    return python_of(venv)
