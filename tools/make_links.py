"""Put the links to Binder and Colab into docs/online.md, and the versions' into CHANGELOG.md.

Both are made from ``Repository`` under ``[project.urls]`` in pyproject.toml, the one place that
states where the repository is. While it does not, the documents say OWNER/NAME, and this prints the
links of the clone at hand if its ``origin`` is on GitHub. With ``--check`` nothing is written: the
exit status is 1 if a document is old.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from releasing.state import sections

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"
SITES = {
    "Binder": "https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{path}",
    "Colab": "https://colab.research.google.com/github/{name}/blob/{branch}/{path}",
}
NOBODY = "OWNER/NAME"
BLOCK = re.compile(r"(<!-- begin: make links -->\n).*?(<!-- end: make links -->)", re.DOTALL)
REFERENCE = re.compile(r"^\[[^\]\n]+\]: \S+\n", re.MULTILINE)
HOW = (
    "The repository's address is not stated. In pyproject.toml put\n"
    "    [project.urls]\n"
    '    Repository = "https://github.com/OWNER/NAME"\n'
    "and type again: make links"
)


def on_github(address: str) -> str | None:
    """Return OWNER/NAME of an address on GitHub, as a browser or git writes it; else None.

    >>> on_github("https://github.com/us/it.git"), on_github("git@github.com:us/it.git")
    ('us/it', 'us/it')
    >>> on_github("https://example.org/us/it")
    """
    form = r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
    match = re.fullmatch(form, address.strip())
    return match[1] if match else None


def stated(root: Path) -> str | None:
    """Return the repository's address that pyproject.toml states, if it does."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    address = tomllib.loads(text)["project"].get("urls", {}).get("Repository")
    return address.rstrip("/") if address else None


def origin(root: Path) -> str:
    """Return the address that this clone came from; "" if git knows none."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8").stdout.strip()
    except OSError:  # no git here
        return ""


def lessons(root: Path) -> list[str]:
    """List the lessons, as paths in the repository."""
    return [f"notebooks/{path.name}" for path in sorted((root / "notebooks").glob("*.ipynb"))]


def link(site: str, name: str, path: str) -> str:
    """Return the address that opens a lesson on one of the sites."""
    return SITES[site].format(name=name, branch=BRANCH, path=path)


def table(root: Path, name: str | None) -> str:
    """Return the links of all lessons as Markdown; without a repository, how they are formed."""
    if name is None:
        forms = [f"- {site}: `{link(site, NOBODY, lessons(root)[0])}`" for site in SITES]
        said = "This repository has no public address yet. With one, lesson 00 is at"
        return "\n".join([said, "", *forms, ""])
    rows = ["| lesson | " + " | ".join(SITES) + " |", "|---" * (len(SITES) + 1) + "|"]
    for path in lessons(root):
        cells = [f"[open]({link(site, name, path)})" for site in SITES]
        rows.append(f"| {Path(path).stem} | " + " | ".join(cells) + " |")
    return "\n".join([*rows, ""])


def referenced(changelog: str, address: str | None) -> str:
    """Return the changelog with the address of each version at its end; without one, with none."""
    text = REFERENCE.sub("", changelog).rstrip() + "\n"
    if address is None:
        return text
    versions = [section.version for section in sections(text)]
    released = [version for version in versions if version != "Unreleased"]
    lines = [f"[{version}]: {address}/releases/tag/v{version}" for version in released]
    if released and "Unreleased" in versions:
        lines.insert(0, f"[Unreleased]: {address}/compare/v{released[0]}...HEAD")
    return text + "\n" + "\n".join(lines) + "\n"


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the links, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if one is old")
    check = parser.parse_args(argv).check
    address = stated(root)
    name = on_github(address) if address else None
    online, changelog = root / "docs" / "online.md", root / "CHANGELOG.md"
    fresh = {
        online: BLOCK.sub(
            lambda m: m[1] + table(root, name) + m[2], online.read_text(encoding="utf-8")
        ),
        changelog: referenced(changelog.read_text(encoding="utf-8"), address),
    }
    old = [path for path, text in fresh.items() if path.read_text(encoding="utf-8") != text]
    if check:
        for path in old:
            print(f"{path.relative_to(root)} is old. To remake it: make links", file=sys.stderr)
        return int(bool(old))
    for path in old:
        path.write_text(fresh[path], encoding="utf-8")
    if name is None:
        here = on_github(origin(root))
        print(table(root, here) + "\n" if here else "", end="")
        print(HOW)
    return 0


if __name__ == "__main__":
    sys.exit(main())
