"""The framed paragraphs in which `kerasdemo.quiz` asks and answers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

__all__ = ["quiz_box"]

STYLE = """<style>
.kd-quiz { box-sizing: border-box; max-width: 46rem; margin: .3rem 0; padding: .4rem 1rem;
  font-size: var(--jp-content-font-size1, 1em); line-height: 1.5;
  color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, transparent);
  border-left: 4px solid var(--jp-brand-color1, currentColor); }
.kd-quiz p { margin: .4rem 0; }
.kd-quiz .kd-tag { font-size: .9em; }
.kd-quiz.kd-yes { border-left-color: var(--jp-success-color1, currentColor); }
.kd-quiz.kd-no { border-left-color: var(--jp-warn-color1, currentColor); }
</style>"""

CODE_STYLE = """<style>
.kd-quiz .kd-lines { display: grid; grid-template-columns: auto 1fr;
  align-items: stretch; margin: .4rem 0; }
.kd-quiz .kd-lines > * { margin: 0; padding: .2rem .6rem; line-height: 1.7;
  border-bottom: 1px solid var(--jp-border-color2, currentColor); }
.kd-quiz .kd-lines > :nth-last-child(-n+2) { border-bottom: none; }
.kd-quiz .kd-lines code { font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, .9em); color: inherit; background: transparent;
  white-space: pre-wrap; }
</style>"""

LABEL = re.compile(
    r"^([A-E]\.|(?:Your guess|Your answer|What happened|The rule|Yes|Not yet|Hint \d of \d):"
    r"|As you thought\.|Right\.|Not so\.)"
)


def quiz_box(
    lines: Iterable[str], tag: str = "", *, mark: str = "", code: Mapping[str, str] | None = None
) -> str:
    """Return lines of plain text as one framed piece of HTML.

    The text is escaped; what stands between backticks becomes code, and a leading letter or label
    (``A.``, ``The rule:``) becomes strong. Colours are those of the reader's theme.

    Parameters
    ----------
    lines
        One paragraph each.
    tag
        A short heading in small print.
    mark
        A class of its own for the paragraphs: ``"kd-yes"`` or ``"kd-no"``. The colour only
        repeats what the words say.
    code
        Letter to a line of code, shown below the paragraphs as it stands.

    Examples
    --------
    >>> quiz_box(["The rule: 1 < 2"]).removeprefix(STYLE)
    '<div class="kd-quiz"><p><strong>The rule:</strong> 1 &lt; 2</p></div>'
    """
    body = [f'<p class="kd-tag">{html.escape(tag)}</p>'] if tag else []
    for line in lines:
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(line))
        text = LABEL.sub(r"<strong>\1</strong>", text)
        body.append(f"<p>{text}</p>")
    if code:
        rows = "".join(
            f"<strong>{letter}.</strong><code>{html.escape(line)}</code>"
            for letter, line in code.items()
        )
        body.append(f'<div class="kd-lines">{rows}</div>')
    style = STYLE + (CODE_STYLE if code else "")
    classes = f"kd-quiz {mark}".strip()
    return f'{style}<div class="{classes}">{"".join(body)}</div>'
