"""May this commit be released? What git, the version and CHANGELOG.md say."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One version's part of CHANGELOG.md."""

    version: str  # or "Unreleased"
    date: str | None
    text: str


def git(root: Path, *words: str) -> bytes:
    """Run git in the checkout and return what it prints."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True)
    if done.returncode:
        raise RuntimeError(f"git {words[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def committed(root: Path, path: str) -> str:
    """Return the text of a file as the last commit has it; "" if it has none."""
    try:
        return git(root, "show", f"HEAD:{path}").decode("utf-8")
    except RuntimeError:
        return ""


def version_in(source: str) -> str:
    """Return the version that the source of ``kerasdemo/__init__.py`` states.

    >>> version_in('__version__ = "1.2.3"')
    '1.2.3'
    """
    (version,) = VERSION.findall(source)
    return str(version)


def sections(changelog: str) -> list[Section]:
    """Read the changelog's sections, the newest first as they stand."""
    found = list(HEADING.finditer(changelog))
    ends = [*(match.start() for match in found), len(changelog)][1:]
    return [
        Section(match[1], match[2], changelog[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    ]


def is_date(text: str | None) -> bool:
    """Tell whether a text is a day, written as 2026-11-21."""
    try:
        return bool(text) and datetime.date.fromisoformat(str(text)).isoformat() == text
    except ValueError:
        return False


def objections(root: Path) -> list[str]:
    """List what stands against a release of the last commit; each says what to do."""
    version = version_in(committed(root, "kerasdemo/__init__.py"))
    found = []
    if changed := git(root, "status", "--porcelain").decode("utf-8", "replace").splitlines():
        found.append(
            f"{len(changed)} files are not as the last commit has them ({changed[0].strip()}). "
            "What is released is the commit: commit them or put them away (git stash -u)."
        )
    if git(root, "tag", "--list", f"v{version}").strip():
        found.append(
            f"v{version} is a tag already: give __version__ in kerasdemo/__init__.py the next "
            "number, and CHANGELOG.md a section for it."
        )
    return found + in_changelog(committed(root, "CHANGELOG.md"), version)


def in_changelog(changelog: str, version: str) -> list[str]:
    """List what the changelog lacks for the release of a version."""
    written = sections(changelog)
    released = [section for section in written if section.version != "Unreleased"]
    if not released or released[0].version != version:
        newest = released[0].version if released else "none"
        return [
            f"CHANGELOG.md's newest version is {newest}, and {version} is to be released. Put "
            f'"## [{version}] - {datetime.date.today()}" under "## [Unreleased]".'
        ]
    found = []
    if not is_date(released[0].date):
        found.append(f"CHANGELOG.md dates {version} {released[0].date}: write 2026-11-21's form.")
    if not released[0].text:
        found.append(f"CHANGELOG.md says nothing of {version}: what can its users do now?")
    for section in written:
        if section.version == "Unreleased" and section.text:
            found.append(
                f'CHANGELOG.md has entries under "Unreleased", and all of it goes out: move them '
                f"below {version}."
            )
    return found


def export(root: Path, folder: Path) -> None:
    """Put the files of the last commit, and nothing else, into a folder."""
    folder.mkdir(parents=True)
    with tarfile.TarFile(
        fileobj=io.BytesIO(git(root, "archive", "--format=tar", "HEAD"))
    ) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **safely)  # type: ignore[arg-type]


def moment(root: Path) -> str:
    """Return the last commit's time, in seconds since 1970: the date of each file released."""
    return git(root, "log", "-1", "--format=%ct").decode().strip()
