"""Build what PyPI gets, check it, and print the commands that publish it; publish nothing.

`make release` calls this. What is built is the last commit (`git archive`), not the working tree:

1. refused: a changed file, a version that CHANGELOG.md does not describe, a tag that is there;
2. an sdist from the commit, built in isolation; a wheel from that sdist, and one from the commit:
   the same bytes; a second sdist, from a copy elsewhere: the same bytes;
3. the wheel holds the package and the lessons, but no path of somebody's machine and no host of a
   package index; the sdist holds all of the commit; both are small; ``twine check --strict``;
4. the wheel, with all that it asks for, is installed into an empty environment and run there.

``--rehearse`` leaves 1 out, so that any commit can be tried. The network is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from releasing import contents, state
from try_wheel import clean_environment, empty_venv, try_wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]


class Refused(Exception):
    """The release cannot go on; the text says why."""


def heed(what: str, found: Iterable[str]) -> None:
    """Stop if something was found; say what was looked at if not."""
    if found := list(found):
        more = [f"... and {len(found) - 20} more"] if len(found) > 20 else []
        raise Refused("\n".join([f"{what}:", *(f"  - {line}" for line in found[:20] + more)]))
    print(f"  {what}: as it should be", flush=True)


def run(command: list[str], *, cwd: Path, epoch: str) -> str:
    """Run one of the tools; what it says is shown only if it fails."""
    env = clean_environment(SOURCE_DATE_EPOCH=epoch)
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if done.returncode:
        raise Refused(f"{shlex.join(command[1:])} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def install_tools(folder: Path, *, epoch: str) -> str:
    """Put build and twine into an environment that is thrown away; return its Python."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = tomllib.loads(text)["dependency-groups"]["release"]
    python = empty_venv(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    run([*pip, *wanted], cwd=folder, epoch=epoch)
    return str(python)


def build(python: str, source: Path, kind: str, *, epoch: str) -> Path:
    """Build ``sdist`` or ``wheel`` from a folder, in isolation; return the file."""
    into = Path(tempfile.mkdtemp(dir=source.parent))
    run([python, "-m", "build", f"--{kind}", "--outdir", str(into), "."], cwd=source, epoch=epoch)
    (made,) = into.iterdir()
    return made


def build_all(python: str, folder: Path, *, epoch: str) -> tuple[Path, Path]:
    """Build an sdist and the wheel from it, each in two ways that must give the same bytes."""
    one, other = folder / "commit", folder / "another place" / "commit"
    for copy in (one, other):
        state.export(ROOT, copy)
    sdist = build(python, one, "sdist", epoch=epoch)
    again = build(python, other, "sdist", epoch=epoch)
    heed("two sdists from two places", unlike(sdist, again))
    unpacked = folder / "unpacked"
    shutil.unpack_archive(sdist, unpacked)
    (inner,) = unpacked.iterdir()
    wheel = build(python, inner, "wheel", epoch=epoch)
    straight = build(python, one, "wheel", epoch=epoch)
    heed("the wheel from the sdist against the one from the commit", unlike(wheel, straight))
    return sdist, wheel


def unlike(one: Path, other: Path) -> list[str]:
    """List the files in which two archives differ; [] if they are the same byte for byte."""
    if one.name == other.name and one.read_bytes() == other.read_bytes():
        return []
    names = ("first", "second")
    files = contents.differences(contents.files_in(one), contents.files_in(other), names=names)
    return files or ["the files are the same, what the archive says of them is not"]


def check(sdist: Path, wheel: Path, commit: dict[str, bytes]) -> None:
    """Look into both archives."""
    hosts = contents.registry_hosts()
    looks = (
        (wheel, contents.in_wheel, contents.WHEEL_LIMIT),
        (sdist, contents.in_sdist, contents.SDIST_LIMIT),
    )
    for archive, look, limit in looks:
        files = contents.files_in(archive)
        heed(f"{archive.name}, {len(files)} files", look(files, commit))
        size = archive.stat().st_size
        too_large = [f"{size:,} bytes, over {limit:,}"] if size > limit else []
        heed(f"{archive.name}, {size / 1e6:.1f} MB of at most {limit / 1e6:.0f}", too_large)
        if archive is wheel:  # the sdist's tests name such paths, as examples
            heed(f"{archive.name}, local paths and hosts", contents.betrayals(files, hosts))


def try_installed(wheel: Path, folder: Path, version: str) -> None:
    """Install the wheel with its dependencies into an empty environment, and run the kit there."""
    folder.mkdir()
    tried = try_wheel(folder, whole=True, wheel=wheel)
    answer = tried["answer"]
    found = [] if tried["status"] == 0 else [f"status {tried['status']}: {answer}"]
    if not found and answer["kerasdemo"] != version:
        found.append(f"it says that it is {answer['kerasdemo']}")
    heed("installed alone, python -m kerasdemo", found)


def publish_commands(made: Iterable[Path], version: str) -> str:
    """Say what publishes: the upload and the tag."""
    files = shlex.join(path.relative_to(ROOT).as_posix() for path in made)
    tag = f"git tag --annotate v{version} --message 'kerasdemo {version}'"
    uv = shlex.join([sys.executable, "-m", "uv"])  # it came with the set-up
    return f"{uv} tool run twine upload {files}\n{tag} && git push origin v{version}"


def release(*, rehearse: bool) -> str:
    """Do all of it, leave both files in dist/, and return what to say at the end."""
    version = state.version_in(state.committed(ROOT, "kerasdemo/__init__.py"))
    if not rehearse:
        heed(f"the state of {version}", state.objections(ROOT))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        epoch = state.moment(ROOT)
        python = install_tools(folder / "tools", epoch=epoch)
        sdist, wheel = build_all(python, folder, epoch=epoch)
        check(sdist, wheel, contents.files_below(folder / "commit"))
        run(
            [python, "-m", "twine", "check", "--strict", str(sdist), str(wheel)],
            cwd=folder,
            epoch=epoch,
        )
        print("  twine check --strict: passed", flush=True)
        try_installed(wheel, folder / "alone", version)
        dist = ROOT / "dist"
        dist.mkdir(exist_ok=True)
        made = [Path(shutil.copy(path, dist)) for path in (sdist, wheel)]
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(ROOT)}" for p in made]
    end = (
        "A rehearsal: to release it, make release without --rehearse."
        if rehearse
        else (
            "Nothing is published yet. These two commands do it:\n"
            + publish_commands(made, version)
        )
    )
    return "\n".join([*sums, "", end])


def main() -> int:
    """Release, and say in one place what stopped it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rehearse", action="store_true", help="build and check any commit")
    try:
        print(release(rehearse=parser.parse_args().rehearse))
    except (Refused, RuntimeError) as stop:
        print(f"\nNo release. {stop}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
