"""What can be called from the front door is documented as it is: options, results, examples."""

import inspect
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from website.docstrings import entries, sections
from website.reference import members

import kerasdemo as kd

ORDER = ["Parameters", "Attributes", "Returns", "Yields", "Raises", "Notes", "Examples"]
# An example of these would start Ray and TensorFlow in processes of their own, for half a minute,
# or leave a file behind; tests/unit/test_scale.py and test_streaming.py run the same calls.
SKIPPED = {"start_ray", "predict_dataset", "predict_stream"}
NO_RESULT = {"None", None, inspect.Signature.empty}


def documented():
    """Yield every public function, class, method and property: its name and itself."""
    for name in kd.__all__:
        value = getattr(kd, name)
        if not callable(value):
            continue
        yield name, value
        if inspect.isclass(value):
            for member, found in members(value):
                yield f"{name}.{member}", getattr(found, "fget", None) or found


def parts(value):
    return dict(sections(inspect.getdoc(value) or ""))


def named(value, *headings):
    """Return the names that these sections of a docstring explain."""
    held = parts(value)
    lines = (entries(held.get(heading, [])) for heading in headings)
    return [
        name.strip(" *") for found in lines for names, _, _ in found for name in names.split(",")
    ]


def complaints(name, value):
    """Yield what is wrong with one docstring."""
    held = parts(value)
    if not held[""] or not held[""][0].endswith((".", "?")):
        yield "its first line is no sentence"
    options = [p for p in inspect.signature(value).parameters if p not in ("self", "cls")]
    if "." in name:
        value = getattr(value, "__func__", value)
    said = named(value, "Parameters")
    given = inspect.isclass(value) and made_by(value)  # nobody makes it but the kit
    for option in [] if given else options:
        if option not in said and not ("." in name and in_words(option, held)):
            yield f"{option} is not explained"
    for option in said:
        if option not in options:
            yield f"{option} is explained and not there"
    result = inspect.signature(value).return_annotation
    plain = not inspect.isclass(value) and "." not in name
    if plain and result not in NO_RESULT and not {"Returns", "Yields"} & held.keys():
        yield f"what it returns is not said: {result}"
    if plain and "Examples" not in held:
        yield "it has no example"
    if inspect.isclass(value) and "Examples" not in held and not made_by(value):
        yield "it has no example, and names no function that returns it and has one"
    places = [ORDER.index(heading) if heading in ORDER else -1 for heading in held if heading]
    if -1 in places or places != sorted(places):
        yield f"its sections are {list(held)[1:]}; expected some of {ORDER}, in this order"


def in_words(option, held):
    """A method may explain its options in its sentence."""
    return f"`{option}`" in "\n".join(held[""])


def made_by(kind):
    """Return the functions of the front door that a docstring names, and that have examples."""
    names = re.findall(r"`(\w+)`", inspect.getdoc(kind) or "")
    held = [getattr(kd, name) for name in names if name in kd.__all__]
    return [one for one in held if callable(one) and "Examples" in parts(one)]


DOCUMENTED = dict(documented())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_docstring_says_what_the_signature_says(name):
    assert list(complaints(name, DOCUMENTED[name])) == []


def test_all_are_looked_at():
    assert {"compare", "Comparison", "Comparison.plot", "RemoteModel.predict"} <= DOCUMENTED.keys()
    assert len(DOCUMENTED) > 90


def test_an_example_is_skipped_for_a_reason_only():
    skipped = {name for name, value in DOCUMENTED.items() if "+SKIP" in (value.__doc__ or "")}
    assert skipped == SKIPPED


def wrong(one: int, two: int) -> int:
    """No sentence

    Parameters
    ----------
    one : int
        It is there.
    three : int
        It is not.
    """


def test_what_is_wrong_is_found():
    found = "\n".join(complaints("wrong", wrong))
    for part in ("no sentence", "two is not", "three is explained", "returns", "no example"):
        assert part in found
