"""What is released: which commits may be, what the archives hold, one version everywhere."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import kerasdemo

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(ROOT / "tools"))
    patch.syspath_prepend(str(ROOT))
    import make_release
    from releasing import contents, state

    import hatch_build

WRITTEN = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-02-03\n\n- It can.\n"


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a repository with one commit that may be released."""
    root = tmp_path / "a checkout"
    (root / "kerasdemo").mkdir(parents=True)
    (root / "kerasdemo" / "__init__.py").write_text('__version__ = "1.2.0"\n', encoding="utf-8")
    (root / "CHANGELOG.md").write_text(WRITTEN, encoding="utf-8")
    git(tmp_path, "init", "--quiet", str(root))
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "It can")
    return root


# --- one version


def test_the_newest_section_of_the_changelog_is_the_version():
    unreleased, newest, *_ = state.sections(CHANGELOG)
    assert unreleased.version == "Unreleased"
    assert newest.version == kerasdemo.__version__
    assert newest.text


def test_the_changelogs_dates_are_days_and_fall():
    released = state.sections(CHANGELOG)[1:]
    assert all(state.is_date(section.date) for section in released)
    assert [s.date for s in released] == sorted((s.date for s in released), reverse=True)


def test_every_copy_of_the_version_is_the_version():
    """`hub/values.yaml` and the Dockerfile are held together by the hub's own tests, too."""
    version = re.escape(kerasdemo.__version__)
    day = state.sections(CHANGELOG)[1].date
    for path, line in (
        ("CITATION.cff", rf"^version: {version}$"),
        ("CITATION.cff", rf"^date-released: {day}$"),
        ("hub/preload/pyproject.toml", rf'^version = "{version}"$'),
        ("hub/values.yaml", rf'^ +tag: "{version}"'),
        ("hub/values.yaml", rf"^# .*--tag \S+:{version} "),
        ("hub/values.yaml", rf"^# .*push \S+:{version}$"),
        ("hub/Dockerfile", rf"^# .*--tag \S+:{version} "),
    ):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(line, text, re.MULTILINE), f"{path}: {line}"


def test_no_copy_of_another_version_is_left():
    """A number with three parts beside the kit's name is its version."""
    form = re.compile(r"kerasdemo(?:-hub)?[:= @v-]+(\d+\.\d+\.\d+)\b")
    for path in (*ROOT.glob("hub/*"), *ROOT.glob("docs/*.md"), ROOT / "README.md"):
        if path.is_file():
            found = set(form.findall(path.read_text(encoding="utf-8")))
            assert found <= {kerasdemo.__version__}, path.name


def test_documents_of_a_release_link_to_what_is_there():
    for path in (
        ROOT / "CHANGELOG.md",
        ROOT / "docs" / "upgrading.md",
        ROOT / "docs" / "online.md",
    ):
        targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
        assert targets
        assert all((path.parent / target).exists() for target in targets), path.name


# --- may it be released?


def test_a_commit_that_may_be_released(checkout):
    assert state.objections(checkout) == []


@pytest.mark.parametrize("name", ["new.txt", "CHANGELOG.md"])
def test_a_changed_or_new_file_is_refused(checkout, name):
    (checkout / name).write_text("x", encoding="utf-8")
    (objection,) = state.objections(checkout)
    assert name in objection
    assert "commit" in objection


def test_a_tag_that_is_there_is_refused(checkout):
    git(checkout, "tag", "v1.2.1")
    assert state.objections(checkout) == []
    git(checkout, "tag", "v1.2.0")
    (objection,) = state.objections(checkout)
    assert "v1.2.0 is a tag already" in objection


@pytest.mark.parametrize(
    ("changelog", "says"),
    [
        ("", "newest version is none"),
        (WRITTEN.replace("1.2.0", "1.1.0"), "newest version is 1.1.0, and 1.2.0"),
        (WRITTEN.replace("2026-02-03", "2026-2-3"), "dates 1.2.0 2026-2-3"),
        (WRITTEN.replace(" - 2026-02-03", ""), "dates 1.2.0 None"),
        (WRITTEN.replace("- It can.\n", ""), "says nothing of 1.2.0"),
        (WRITTEN.replace("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n"), "move them"),
    ],
)
def test_a_changelog_that_lacks_something(changelog, says):
    (objection,) = state.in_changelog(changelog, "1.2.0")
    assert says in objection
    assert state.in_changelog(WRITTEN, "1.2.0") == []


def test_what_is_exported_is_the_commit_and_not_the_tree(checkout, tmp_path):
    (checkout / "secret.txt").write_text("x", encoding="utf-8")
    (checkout / "CHANGELOG.md").write_text("changed", encoding="utf-8")
    state.export(checkout, tmp_path / "out")
    assert contents.files_below(tmp_path / "out") == {
        "CHANGELOG.md": WRITTEN.encode(),
        "kerasdemo/__init__.py": b'__version__ = "1.2.0"\n',
    }


def test_a_release_of_a_changed_checkout_ends_with_status_1(checkout, monkeypatch, capsys):
    (checkout / "new.txt").write_text("x", encoding="utf-8")
    monkeypatch.setattr(make_release, "ROOT", checkout)
    monkeypatch.setattr(sys, "argv", ["make_release.py"])
    assert make_release.main() == 1
    assert "No release. the state of 1.2.0:\n  - 1 files" in capsys.readouterr().err


# --- what the archives hold

COMMIT = {"kerasdemo/a.py": b"1", "notebooks/00.ipynb": b"2", "tests/t.py": b"3"}
ABOUT = {f"kerasdemo-1.dist-info/{name}": b"" for name in contents.METADATA}
WHEEL = {"kerasdemo/a.py": b"1", "kerasdemo/notebooks/00.ipynb": b"2", **ABOUT}


def test_a_wheel_as_it_should_be():
    assert contents.in_wheel(WHEEL, COMMIT) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kerasdemo/a.py": b"0"}, "kerasdemo/a.py: the wheel and the commit differ"),
        ({"kerasdemo/notebooks/00.ipynb": None}, "only the commit has kerasdemo/notebooks/00"),
        ({"tests/t.py": b"3"}, "only the wheel has tests/t.py"),
        ({"kerasdemo-1.dist-info/RECORD": None}, "in the wheel's dist-info: RECORD?"),
        ({"kerasdemo-1.dist-info/more": b""}, "in the wheel's dist-info: more?"),
    ],
)
def test_a_wheel_with_something_wrong(change, says):
    files = {name: data for name, data in {**WHEEL, **change}.items() if data is not None}
    (complaint,) = contents.in_wheel(files, COMMIT)
    assert complaint.startswith(says)


@pytest.mark.parametrize("name", ["kerasdemo/__pycache__/a.pyc", "notebooks/.ipynb_checkpoints/x"])
def test_what_was_committed_by_mistake_is_found(name):
    placed = f"kerasdemo/{name}" if name.startswith("notebooks") else name
    complaints = contents.in_wheel({**WHEEL, placed: b""}, {**COMMIT, name: b""})
    assert complaints == [f"{placed} should not be there"]


def test_an_sdist_is_the_commit_and_what_it_takes_to_test_it():
    commit = {**COMMIT, **dict.fromkeys(contents.NEEDED, b"")}
    whole = {**commit, "PKG-INFO": b""}
    assert contents.in_sdist(whole, commit) == []
    assert contents.in_sdist({**whole, "build/x": b""}, commit) == ["only the sdist has build/x"]
    without = {name: data for name, data in whole.items() if name != "Makefile"}
    assert contents.in_sdist(without, commit) == [
        "only the commit has Makefile",
        "the sdist lacks Makefile",
    ]
    assert all((ROOT / name).is_file() for name in contents.NEEDED)


# Put together here: written out, they would be what no file of the project may name.
TEMPORARY, ADMIN = "/" + "tmp", "/" + "root"


def zipped(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"see /home/anna/x.py", "/home/anna"),
        (f'"{TEMPORARY}/run-1/model.keras"'.encode(), f"{TEMPORARY}/run-1"),
        (b"/Users/anna", "/Users/anna"),
        (rb"C:\Users\anna\x", r"C:\Users\anna"),
        (b"from https://pip.example.org/simple", "pip.example.org"),
        (zipped(config=f"{ADMIN}/model.h5"), f"{ADMIN}/model.h5"),
    ],
)
def test_a_path_of_somebodys_machine_or_a_host_is_found(data, names):
    (complaint,) = contents.betrayals({"a": data}, {"pip.example.org"})
    assert complaint.endswith(f" names {names}")
    assert complaint.startswith("a")


@pytest.mark.parametrize(
    "data",
    [
        b"~/home/x",
        f'"{TEMPORARY}"'.encode(),
        b"https://example.org/home/x",
        f"docs{TEMPORARY}/x".encode(),
        zipped(a="b"),
    ],
)
def test_what_betrays_nothing_is_left_alone(data):
    assert contents.betrayals({"a": data}, {"pip.example.org"}) == []


def test_the_index_that_is_set_up_here_is_known(monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://u:p@pip.example.org/simple https://b.test/")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://pypi.org/simple")
    hosts = contents.registry_hosts()
    assert {"pip.example.org", "b.test", "files.pythonhosted.org"} <= hosts
    assert "pypi.org" not in hosts


def test_archives_that_differ_are_told_apart(tmp_path):
    paths = [tmp_path / "one" / "x.whl", tmp_path / "other" / "x.whl"]
    for path, text in zip(paths, ("1", "2"), strict=True):
        path.parent.mkdir()
        path.write_bytes(zipped(a=text, b="same"))
    assert make_release.unlike(*paths) == ["a: the first and the second differ"]
    paths[1].write_bytes(paths[0].read_bytes())
    assert make_release.unlike(*paths) == []
    with zipfile.ZipFile(paths[1], "a") as archive:
        archive.comment = b"other"
    assert "what the archive says" in make_release.unlike(*paths)[0]


def test_an_sdist_is_read_without_its_outermost_folder(tmp_path):
    path = tmp_path / "x-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("x-1/a/b.txt")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"hi"))
    assert contents.files_in(path) == {"a/b.txt": b"hi"}


def test_the_commands_that_publish_are_said(tmp_path):
    files = [ROOT / "dist" / "kerasdemo-1.tar.gz", ROOT / "dist" / "kerasdemo-1-py3-none-any.whl"]
    upload, tag = make_release.publish_commands(files, "1").splitlines()
    files = "dist/kerasdemo-1.tar.gz dist/kerasdemo-1-py3-none-any.whl"
    assert upload == f"{shlex.quote(sys.executable)} -m uv tool run twine upload {files}"
    assert tag.startswith("git tag --annotate v1 ")
    assert tag.endswith("git push origin v1")


@pytest.mark.long
def test_the_last_commit_is_built_checked_and_runs():
    """Needs the package index: all that the wheel asks for is installed."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout: what is released is a commit")
    command = [sys.executable, "tools/make_release.py", "--rehearse"]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1800, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^[0-9a-f]{64}  dist.kerasdemo-", done.stdout, re.MULTILINE)) == 2


# --- the page on PyPI

HERE = "https://example.org/us/it"


@pytest.mark.parametrize(
    ("text", "without", "with_address"),
    [
        ("[a](docs/b.md#c)", "a", f"[a]({HERE}/blob/v1/docs/b.md#c)"),
        ("![a](b.png)", "", f"![a]({HERE}/raw/v1/b.png)"),
        ('<img alt="a" src="b.png">', "", f'<img alt="a" src="{HERE}/raw/v1/b.png">'),
        ("[`a`](b.md)", "`a`", f"[`a`]({HERE}/blob/v1/b.md)"),
    ],
)
def test_a_relative_link_is_mended_for_pypi(text, without, with_address):
    assert hatch_build.for_pypi(text, repository=None, version="1") == without
    assert hatch_build.for_pypi(text, repository=HERE, version="1") == with_address


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://example.org/x)",
        "[a](#limits)",
        "`x[0](y)` stays",
        "```python\nx[0](y)\n```",
        '<img src="https://example.org/b.png">',
    ],
)
@pytest.mark.parametrize("repository", [None, HERE])
def test_what_is_no_relative_link_stays(text, repository):
    assert hatch_build.for_pypi(text, repository=repository, version="1") == text


def test_a_picture_for_light_and_dark_goes_or_is_mended_whole():
    text = 'a\n<picture>\n<source srcset="d.png">\n<img src="l.png">\n</picture>\nb'
    assert hatch_build.for_pypi(text, repository=None, version="1") == "a\n\nb"
    mended = hatch_build.for_pypi(text, repository=HERE, version="1")
    assert mended.count(f"{HERE}/raw/v1/") == 2


def test_the_readme_on_pypi_has_no_link_that_leads_nowhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    plain = hatch_build.for_pypi(text, repository=None, version="1")
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", plain, flags=re.DOTALL | re.MULTILINE)
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", prose) == []
    assert re.findall(r'(?:src|srcset|href)="(?!https?:|#)', prose) == []
    assert "# kerasdemo" in plain
