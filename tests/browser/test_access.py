"""Every widget for everybody: axe-core, keyboard alone, zoom, less motion, forced colours."""

from __future__ import annotations

from itertools import pairwise

import examples
import pytest
from access import (
    CUT_OFF,
    MOTION,
    REPORTS,
    SIDEWAYS,
    axe_source,
    goes_back,
    run_axe,
    tab_walk,
)
from examples import EXAMPLES

import kerasdemo.widgets

pytestmark = pytest.mark.browser

SETUP = examples.SETUP
SERIOUS = ("serious", "critical")
SELECTORS = [example.selector for example in EXAMPLES.values()]
# All of them in one output: JupyterLab leaves out cells that are not in sight.
ALL = "\n".join(
    [
        "first, last = (ipywidgets.Button(description=said) for said in ('first', 'last'))",
        "display(first)",
        *(line for example in EXAMPLES.values() for line in example.cell.splitlines()[:-1]),
        *(f"display({example.variable})" for example in EXAMPLES.values()),
        "display(last)",
    ]
)


def roots_of(page, theme: str = "light") -> dict:
    """Wait for every widget, in its theme; return its root by name."""
    roots = {name: page.locator(example.selector) for name, example in EXAMPLES.items()}
    for root in roots.values():
        root.and_(page.locator(f'[data-kd-theme="{theme}"]')).wait_for()
    return roots


def use_all_of(root, example) -> None:
    """Use it and turn on all that can be turned on, so that what it then shows is there too."""
    example.click(root)
    example.key(root)
    root.page.wait_for_timeout(300)
    for more in root.locator("details").element_handles():
        more.evaluate("(more) => { more.open = true; }")
    for switch in root.locator('button[aria-pressed="false"]').element_handles():
        switch.click()
    root.page.wait_for_timeout(300)  # colours may fade


def test_every_widget_has_an_example():
    assert {name.split()[0] for name in EXAMPLES} == set(kerasdemo.widgets.__all__)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(show, remark, theme):
    axe_source()
    roots = roots_of(show(ALL, theme=theme).page, theme)
    serious = []
    for name, root in roots.items():
        for state in ("as it comes", "in use"):
            if state == "in use":
                use_all_of(root, EXAMPLES[name])
            for impact, rule, wish, place, how in run_axe(root):
                if impact in SERIOUS:
                    serious.append(f"{name} {state}, {rule}: {wish} ({place}: {how})")
                else:
                    remark(f"axe-core, {name}, {impact}, {rule}: {wish} ({place})")
    assert not serious, "\n".join(serious)


@pytest.mark.parametrize(
    ("rule", "markup"),
    [
        ("label", "document.createElement('input')"),
        (
            "color-contrast",
            "Object.assign(document.createElement('p'), { textContent: 'grey',"
            " style: 'color: #999; background: #eee' })",
        ),
        ("button-name", "document.createElement('button')"),
    ],
)
def test_axe_would_find_it(show, rule, markup):
    axe_source()
    notebook = show(EXAMPLES["DigitView"].cell)
    root = notebook.page.locator(EXAMPLES["DigitView"].selector)
    root.wait_for()
    root.evaluate(f"(root) => root.append({markup})")
    assert [finding[1] for finding in run_axe(root)] == [rule]


def test_everything_is_reached_by_keyboard_in_reading_order_and_left_again(show):
    page = show(ALL).page
    roots_of(page)
    page.get_by_role("button", name="first", exact=True).focus()
    there = tab_walk(page, SELECTORS)
    record_order(there)
    assert {stop["root"] for stop in there} == set(range(len(SELECTORS)))
    names = [stop["name"] for stop in there]
    places = [stop["place"] for stop in there]
    assert places == sorted(places), "Tab goes as a screen reader reads"
    back = [f"{a['name']} to {b['name']}" for a, b in pairwise(there) if goes_back(a, b)]
    assert not back, "Tab goes as the eye reads"
    assert [stop["name"] for stop in there if stop["tabindex"] > 0 or not stop["visible"]] == []
    assert [name for name in names if name.endswith("“”")] == [], "each has a name"
    assert [stop["name"] for stop in there if stop["seen"] < 2] == [], "the focus can be seen"
    page.get_by_role("button", name="last", exact=True).focus()
    back = tab_walk(page, SELECTORS, key="Shift+Tab")
    assert [stop["name"] for stop in back] == names[::-1]


def record_order(stops: list[dict]) -> None:
    """Leave the Tab order to be read by people."""
    lines = [f"{list(EXAMPLES)[stop['root']]:<20}{stop['name']}" for stop in stops]
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / "tab_order.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_focus_that_is_not_seen_and_a_trap_would_be_found(show):
    page = show(ALL).page
    roots = roots_of(page)
    roots["DigitView"].evaluate(
        "(root) => { const style = document.createElement('style');"
        " style.textContent = '.kd-root input:focus-visible { outline: none !important; }';"
        " root.append(style); }"
    )
    page.get_by_role("button", name="first", exact=True).focus()
    assert "spinbutton “Image”" in [s["name"] for s in tab_walk(page, SELECTORS) if s["seen"] < 2]
    roots["DigitView"].get_by_role("button", name="Next").evaluate(
        "(button) => button.addEventListener('keydown', (event) => event.preventDefault())"
    )
    page.get_by_role("button", name="first", exact=True).focus()
    with pytest.raises(AssertionError, match="never leaves"):
        tab_walk(page, SELECTORS, longest=60)


# Width of the window in CSS pixels, device pixels for each of them: 200 % of zoom halve the first.
WINDOWS = {"1024": (1024, 1), "200 % of 1280": (640, 2), "200 % of 1024": (512, 2)}


def test_nothing_is_cut_off_in_a_narrow_window_and_at_200_percent(show):
    page = show(ALL).page
    roots = roots_of(page)
    for name, root in roots.items():
        use_all_of(root, EXAMPLES[name])
    session = page.context.new_cdp_session(page)
    wrong = []
    try:
        for window, (width, ratio) in WINDOWS.items():
            session.send(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": 900, "deviceScaleFactor": ratio, "mobile": False},
            )
            page.wait_for_timeout(400)
            for name, root in roots.items():
                found = [*root.evaluate(CUT_OFF), *root.evaluate(SIDEWAYS)]
                wrong += [f"{name} in {window}: {what}" for what in found]
    finally:
        session.send("Emulation.clearDeviceMetricsOverride")
        page.set_viewport_size({"width": 1024, "height": 1000})
    assert not wrong, "\n".join(wrong)


def test_what_is_cut_off_would_be_found(show):
    page = show(EXAMPLES["DigitView"].cell).page
    root = page.locator(EXAMPLES["DigitView"].selector)
    root.wait_for()
    root.evaluate(
        "(root) => { const wide = document.createElement('p');"
        " wide.style = 'width: 2000px'; wide.textContent = 'wide'; root.append(wide); }"
    )
    assert root.evaluate(CUT_OFF) == ["the widget itself", "p. wide"]
    assert root.evaluate(SIDEWAYS) != []


def test_nothing_moves_for_those_who_ask_for_less_motion(show):
    page = show(ALL).page
    roots = roots_of(page)
    moving = {}
    try:
        for wish in ("no-preference", "reduce"):
            page.emulate_media(reduced_motion=wish)
            page.wait_for_timeout(50)
            moving[wish] = {name: root.evaluate(MOTION) for name, root in roots.items()}
    finally:
        page.emulate_media(reduced_motion="no-preference")
    assert {name: seconds for name, seconds in moving["reduce"].items() if seconds} == {}
    assert any(moving["no-preference"].values()), "otherwise the line above says nothing"
    assert max(moving["no-preference"].values()) <= 0.3


def test_forced_colours_leave_everything_to_be_seen(show):
    """Text is on the system's background, and what is drawn in bars and boxes keeps an edge."""
    page = show(ALL).page
    roots = roots_of(page)
    REPORTS.mkdir(parents=True, exist_ok=True)
    try:
        page.emulate_media(forced_colors="active")
        page.wait_for_timeout(300)
        for name, root in roots.items():
            root.screenshot(path=REPORTS / f"forced_colours_{name}.png")
            hidden = root.evaluate(UNSEEN_WITHOUT_COLOUR)
            assert hidden == [], name
    finally:
        page.emulate_media(forced_colors="none")


# Forced colours repaint backgrounds alike: a box that is told apart by its background alone, such
# as a bar, has to keep it (forced-color-adjust: none) or to have a border or an outline.
UNSEEN_WITHOUT_COLOUR = """(root) => [...root.querySelectorAll(
    ".kd-chart tbody td:nth-child(2) span, .kd-ramp-bar, progress, [role='progressbar'] *")]
  .filter((node) => node.checkVisibility() && !node.matches("svg *")).filter((node) => {
    const style = getComputedStyle(node);
    return style.forcedColorAdjust === "auto" && !parseFloat(style.borderTopWidth)
      && (style.outlineStyle === "none" || !parseFloat(style.outlineWidth));
  }).map((node) => node.className)"""


# How each part of a widget is laid out, without what its content decides.
LAID_OUT = """(root) => [root, ...root.querySelectorAll("*")].map((node) => {
  const style = getComputedStyle(node);
  const name = `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""}`;
  return [name, ...["display", "padding", "margin", "minWidth", "maxHeight", "flexBasis", "gap",
    "borderTopWidth", "fontSize", "fontWeight", "textAlign", "whiteSpace", "position", "order",
    "overflowX", "containerName"].map((property) => `${property}: ${style[property]}`)].join("; ");
})"""


def test_beside_the_others_each_widget_looks_as_it_does_alone(show):
    """Each brings its style sheet; those that come later must not change the others."""
    alone = {}
    for name, example in EXAMPLES.items():
        page = show(example.cell).page
        page.locator(f"{example.selector}[data-kd-theme]").wait_for()
        page.wait_for_timeout(200)
        alone[name] = page.locator(example.selector).evaluate(LAID_OUT)
    roots = roots_of(show(ALL).page)
    for name, root in roots.items():
        together = root.evaluate(LAID_OUT)
        differs = [(a, b) for a, b in zip(alone[name], together, strict=True) if a != b]
        assert differs == [], name
