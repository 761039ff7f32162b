"""One voice: one name for one thing, and one form for what an error says.

Looked at is what people read: the lessons, the glossary, the docs, questions and claims, the
strings of the package (messages, help, docstrings) and of the widgets' page code. Spelling and
British forms are the business of tests/lessons/test_spelling.py.
"""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kerasdemo"
CODE = re.compile(
    r"```.*?```|``.*?``|`[^`]*`|^ *(?:>>>|\.\.\. ).*$|\]\([^)]*\)|https?://\S+", re.S | re.M
)
# What is not said, as a pattern, and what is said instead.
BANNED = {
    r"\b(?:training|test) examples?\b": "sample",
    r"\bdata ?points?\b": "sample",
    r"\bcategor(?:y|ies)\b": "class",
    r"\bdata[- ]?sets\b|\bdata[- ]set\b": "Dataset for tf.data's, a set of digits for ours",
    r"\b(?:an?|the|this|each|your) dataset\b(?!\.)": "Dataset",
    r"\b[Ww]arm[ -]?ups?\b(?! )": "warm call",
    r"\bdata types?\b": "dtype",
    r"\bmini-?batch": "batch",
    r"\bbatch-?dim": "batch axis",
    r"\bchannels?[ -]dimension": "channel axis",
    r"\bside-by-side\b": "side by side",
    r"\b[Ss]tartup\b": "start-up",
    r"\b(?<!_)[Ss]etup\b": "set-up",
    r"\bre-trac": "retrace",
    r"\bpre-fetch": "prefetch",
    r"\bcall-back|\bcall backs?\b": "callback",
    r"\bsoft-max\b": "softmax",
    r"\blearned\b": "learnt",
    r"\bTensorflow\b|\bTensor Flow\b": "TensorFlow",
    r"\bJupyter [Ll]ab\b|\bJupyterlab\b": "JupyterLab",
    r"\bJupyter [Hh]ub\b|\bJupyterhub\b": "JupyterHub",
    r"\bNumpy\b": "NumPy",
    r"\bGRPC\b|\bGrpc\b": "gRPC",
    r"\bSaved [Mm]odel\b|\bSavedmodel\b": "SavedModel",
    r"\bProtobuf\b(?<!\. Protobuf)": "protobuf",
    r"\be-mail\b": "email",
    r"\bfilenames?\b": "file name",
    r"\bcolou?rblind": "colour-blind",
    r"\bthreshhold": "threshold",
    r"\brun[ -]time\b": "time, or seconds to run",
}
# Words of others: what Ray and Keras themselves say, and an operating system's clock.
THEIRS = {"timed out during startup", "Unrecognized data type"}
# A message begins with what was given, as it is typed, or as a sentence does.
NO_NAME = (
    r"(?:there|this|that|a|an|the|only|it|no|cell|question|both|neither|you|please|cannot|can't)\b"
)
END = re.compile(r"[.?!)}\]]$|: .+$|\n.+$")
# These are read by the package itself, which puts them into a sentence; or by argparse, which does.
INSIDE = {"_Refused", "_WouldNotResume", "AssertionError", "Refusal", "RemoteError", "WorkerError"}
INSIDE |= {"argparse.ArgumentTypeError", "AttributeError", "NotMeasuredHere"}


def python_strings(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def texts():
    """Return what people read: a name and its text."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found[path.name] = "\n\n".join(said)
    for folder in (ROOT, ROOT / "docs", ROOT / "notebooks"):
        for path in sorted(folder.glob("*.md")):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    for path in sorted((PACKAGE / "data").glob("*.toml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = (line for line in lines if not re.match(r"(?:id|name|decided_by) =|#", line))
        found[path.name] = "\n".join(kept)
    for path in sorted(PACKAGE.rglob("*.py")):
        found[path.relative_to(ROOT).as_posix()] = "\n\n".join(python_strings(path))
    for path in sorted(PACKAGE.rglob("*.js")):
        strings = re.findall(
            r'"([^"\n]* [^"\n]*)"|`([^`]* [^`]*)`', path.read_text(encoding="utf-8")
        )
        found[path.relative_to(ROOT).as_posix()] = "\n\n".join(a or b for a, b in strings)
    return found


TEXTS = texts()


def odd_words(text):
    """Yield a complaint for each word that has another name here."""
    for theirs in THEIRS:
        text = text.replace(theirs, "")
    plain = CODE.sub(" ", text)
    for pattern, right in BANNED.items():
        for match in re.finditer(pattern, plain):
            before = plain[max(0, match.start() - 40) : match.start()]
            yield f"{match[0]!r} is called {right}: ...{before}"


@pytest.mark.parametrize("name", TEXTS)
def test_one_thing_has_one_name(name):
    assert list(odd_words(TEXTS[name])) == []


def test_all_that_is_read_is_looked_at():
    names = "\n".join(TEXTS)
    for part in (
        "03_three",
        "glossary.md",
        "README.md",
        "questions.toml",
        "common.js",
        "digits.py",
    ):
        assert part in names
    assert "Type dataset.batch(32)." in TEXTS["kerasdemo/streaming/checks.py"]
    assert len(TEXTS) > 200


@pytest.mark.parametrize(
    "text",
    ["a training example", "the Tensorflow graph", "it learned", "a mini-batch", "before startup"],
)
def test_another_name_is_found(text):
    assert len(list(odd_words(text))) == 1


@pytest.mark.parametrize("text", ["`Numpy`", "timed out during startup", "check_setup", "learnt"])
def test_what_is_right_is_left_alone(text):
    assert list(odd_words(text)) == []


def messages(source):
    """Yield line, kind and text of each error raised with words; ``{}`` stands for a value."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
            continue
        said, kind = node.exc.args[0], ast.unparse(node.exc.func)
        if isinstance(said, ast.JoinedStr):
            held = (getattr(part, "value", "") for part in said.values)
            yield node.lineno, kind, "".join(p if isinstance(p, str) else "{}" for p in held)
        elif isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield node.lineno, kind, said.value


def odd_messages(source):
    for line, kind, text in messages(source):
        if kind in INSIDE:
            continue
        if re.match(NO_NAME, text):
            yield f"line {line}: a sentence begins with a capital: {text}"
        if not END.search(text):
            yield f"line {line}: a message ends with a full stop, or with what to type: {text}"


# Here an error is a part of a sentence that another module writes around it.
PARTS = {"serving/loading.py", "serving/savedmodel.py", "sources/download.py"}


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(PACKAGE.rglob("*.py")) if "evidence" not in p.parts],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_an_error_has_the_form_of_all_errors(path):
    if path.relative_to(PACKAGE).as_posix() not in PARTS:
        assert list(odd_messages(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("raise ValueError(f'there is no {x}.')", 1),
        ("raise ValueError('There is nothing to draw')", 1),
        ("raise ValueError(f'epochs is {x}; it needs 1 or more. Try epochs=5.')", 0),
        ("raise TypeError('To get it: pip install x')", 0),
        ("raise Refusal('there')", 0),
    ],
)
def test_an_odd_error_is_found(code, found):
    assert len(list(odd_messages(code))) == found
