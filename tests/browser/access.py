"""What the tests of accessibility ask of a page: axe-core, the Tab order, what is cut off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
REPORTS = ROOT / "build" / "reports"

# Each rule that is broken: [impact, rule, what it asks for, where, how]; and how many texts were
# judged by their contrast. JupyterLab's body has no height and hides what overflows; axe-core then
# takes everything in it for hidden, and would find nothing.
RUN_AXE = """async (root) => {
  const { style } = document.body;
  const before = style.overflow;
  style.overflow = "visible";
  const { violations, passes } = await axe.run(root, { resultTypes: ["violations", "passes"] });
  style.overflow = before;
  const findings = violations.map(({ id, impact, help, nodes }) => {
    const [{ target, failureSummary }] = nodes;
    const how = failureSummary.split("\\n").at(-1).trim();
    return [impact, id, help, `${nodes.length} times, such as ${target.join(" ")}`, how];
  });
  const texts = [...violations, ...passes].filter(({ id }) => id === "color-contrast");
  return { findings, texts: texts.flatMap(({ nodes }) => nodes).length };
}"""


def axe_source() -> str:
    """Return the script of axe-core; skip the test when it is not there, fail under CI."""
    if AXE.exists():
        return AXE.read_text(encoding="utf-8")
    line = "no axe-core; to get it: install Node.js with npm, then make test"
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    return str(pytest.skip(line))


def run_axe(root) -> list[list[str]]:
    """Return what axe-core finds wrong in an element."""
    if not root.page.evaluate("() => 'axe' in window"):
        root.page.evaluate(axe_source())
    root.scroll_into_view_if_needed()
    found = root.evaluate(RUN_AXE)
    assert found["texts"] > 2, f"axe-core sees {found['texts']} texts"
    return list(found["findings"])


# Where the focus is: of which widget, as what, whether it can be seen, where in the document.
# An outline is seen when it has a width, and the clipping boxes around it leave room for it.
FOCUSED = """([selectors]) => {
  const element = document.activeElement;
  const root = selectors.findIndex((selector) => element.closest(selector));
  const all = [...document.querySelectorAll("*")];
  const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(element);
  const wide = outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
  const reach = wide + parseFloat(outlineOffset);
  const box = element.getBoundingClientRect();
  let cut = 0;
  for (let node = element.parentElement; node && root >= 0; node = node.parentElement) {
    if (getComputedStyle(node).overflowX === "visible") continue;
    const frame = node.getBoundingClientRect();
    cut = Math.max(cut, frame.left - box.left + reach, box.right + reach - frame.right);
  }
  const from = root < 0 ? box : element.closest(selectors[root]).getBoundingClientRect();
  return { root, seen: wide - Math.max(0, cut), place: all.indexOf(element),
    tabindex: element.tabIndex, visible: element.checkVisibility() && box.width > 1,
    box: [box.left - from.left, box.top - from.top, box.right - from.left, box.bottom - from.top] };
}"""


def focused_name(session) -> str:
    """Return role and name of what has the focus, as the browser tells a screen reader."""
    found = session.send("Runtime.evaluate", {"expression": "document.activeElement"})
    node = {"objectId": found["result"]["objectId"]}
    tree = session.send("Accessibility.getPartialAXTree", {**node, "fetchRelatives": False})
    (here,) = tree["nodes"]
    return f"{here['role']['value']} “{here.get('name', {}).get('value', '')}”"


def tab_walk(page, selectors: list[str], key: str = "Tab", longest: int = 150) -> list[dict]:
    """Press Tab until the focus has been in the widgets and has left them; return each stop."""
    session = page.context.new_cdp_session(page)
    stops: list[dict] = []
    for _ in range(longest):
        page.keyboard.press(key)
        stop = page.evaluate(FOCUSED, [selectors])
        if stop["root"] < 0 and stops:
            session.detach()
            return stops
        if stop["root"] >= 0:
            stops.append({**stop, "name": focused_name(session)})
    raise AssertionError(f"the focus never leaves: {[stop['name'] for stop in stops[-5:]]}")


def goes_back(one: dict, other: dict) -> bool:
    """Tell whether the second stop lies before the first on the screen, within one widget."""
    (left, top, right, _), (*_, other_right, other_bottom) = one["box"], other["box"]
    other_left, other_top = other["box"][:2]
    above = other_bottom <= top and other_left < right
    before = other_right <= left and other_top < one["box"][3]
    return one["root"] == other["root"] and (above or before)


# What reaches beyond the edges of a widget, or whose text does not fit. What lies inside a box
# that scrolls, or is there for screen readers alone, is not cut off.
CUT_OFF = """(root) => {
  const scrolls = (node) => /auto|scroll/.test(getComputedStyle(node).overflowX);
  const edge = root.getBoundingClientRect();
  const found = root.scrollWidth > root.clientWidth + 1 ? ["the widget itself"] : [];
  for (const node of root.querySelectorAll("*")) {
    if (!node.checkVisibility() || node.closest(".kd-unseen, svg")) continue;
    let around = node.parentElement;
    while (around !== root && !scrolls(around)) around = around.parentElement;
    if (around !== root) continue;
    const box = node.getBoundingClientRect();
    const name = `${node.tagName.toLowerCase()}.${node.className} ${node.textContent.slice(0, 30)}`;
    if (box.width && (box.right > edge.right + 1 || box.left < edge.left - 1)) found.push(name);
    const holds = node.childNodes.length && !scrolls(node) && node.tagName !== "SELECT";
    if (holds && node.clientWidth && node.scrollWidth > node.clientWidth + 1) found.push(name);
  }
  return found;
}"""

# Boxes around a widget that would have to be scrolled sideways to see all of it.
SIDEWAYS = """(root) => {
  const found = [];
  for (let node = root.parentElement; node; node = node.parentElement) {
    if (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible") {
      found.push(`${node.tagName.toLowerCase()}.${node.className}`);
    }
  }
  return found;
}"""

# Seconds that anything in a widget takes to move or to fade.
MOTION = """(root) => [root, ...root.querySelectorAll("*")].map((node) => {
  const { transitionDuration, animationDuration } = getComputedStyle(node);
  const seconds = `${transitionDuration}, ${animationDuration}`.split(",").map(parseFloat);
  return Math.max(...seconds);
}).reduce((most, one) => Math.max(most, one), 0)"""
