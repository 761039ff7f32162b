"""Install packages with uv, or with pip where uv cannot be had; explain what went wrong.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import queue
import re
import subprocess
import threading

from pythons import clean_environment, python_of, say

NEEDED_GB = 4  # 2.6 GB installed (TensorFlow is most of it), the rest while it is unpacked
HEARTBEAT = 20  # seconds of silence before a line says that work goes on
OFFLINE = re.compile(
    r"dns error|name resolution|name or service not known|getaddrinfo|NewConnectionError"
    r"|connection (?:refused|reset|broken|timed out)|network is unreachable|ConnectTimeout"
    r"|error sending request|failed to fetch|nodename nor servname|tcp connect error|ProxyError",
    re.IGNORECASE,
)
# What is worth showing of uv's and pip's output: how far it is, not each of 120 packages.
PROGRESS = re.compile(r"\s*(Resolved|Downloading|Prepared|Installed|Bytecode|Collecting) ")
FULL = re.compile(r"no space left|disk quota exceeded|not enough space", re.IGNORECASE)


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


def pip_install(venv, arguments, constraints=None, folder=None):
    """Install with uv, or with plain pip where uv cannot be had or fails.

    From a folder of wheels, if one is given, what builds the kit comes too: no network is asked.
    """
    python, env = python_of(venv), clean_environment(venv)
    env.pop("PYTHONIOENCODING", None)  # uv hands its Python names of files, in UTF-8
    limits = ["--constraint", constraints] if constraints else []
    limits += ["--no-index", "--find-links", folder] if folder else []
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
