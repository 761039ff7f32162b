// SampleChooser: thumbnails to choose from. Only the rows in sight are drawn.
import { bar, h, labelled, mount, oncePerFrame, statusLine, tell, typed, widget } from "./common.js";
import {
  describeFilter, formatPositions, gridLayout, parsePositions, parseRange, percentOf,
  shownPositions, visiblePlaces,
} from "./choosing.js";
import { movedPlace } from "./pure.js";
import { TILE, makeTile, nameOf, readSamples } from "./thumbnails.js";

const ROWS = 4.4; // the cut row says that there is more below
const ALL = { digit: null, outcome: "all", confidence: [0, 1] };
const OUTCOMES = [["all", "right and wrong"], ["right", "right"], ["wrong", "wrong"]];
const written = (number) => number.toLocaleString("en");

/** A menu for one value of the model; a value that only code can set joins the menu. */
function menu(model, name, text, options, read = (value) => value) {
  const select = h("select", { onchange: () => tell(model, { [name]: read(select.value) }) });
  const offer = (value, words) => select.append(h("option", { value }, words));
  for (const [value, words] of options) offer(value, words);
  const draw = () => {
    const value = String(model.get(name) ?? "");
    select.value = value;
    if (select.selectedIndex < 0) offer(value, value);
    select.value = value;
  };
  return { element: labelled(text, select), draw };
}

function rangeFields(model, complain) {
  const fields = ["from", "to"].map((words) => h("input", {
    class: "kd-percent", inputmode: "decimal", autocomplete: "off",
    "aria-label": `Confidence ${words}, per cent`,
  }));
  const draw = () => fields.forEach((field, at) => {
    field.value = percentOf(model.get("confidence")[at]);
    field.removeAttribute("aria-invalid");
  });
  for (const field of fields) {
    typed(field, { complain }, () => {
      const { confidence, error } = parseRange(...fields.map((each) => each.value));
      return error || (tell(model, { confidence }), draw());
    });
  }
  return { draw, element: h("span", { class: "kd-field" },
    h("span", { class: "kd-field-name" }, "Confidence"), fields[0], "to", fields[1], "%") };
}

export function renderChooser({ model, el }) {
  const samples = readSamples(model);
  const { count, predicted } = samples;
  const name = (position) => nameOf(samples, position);
  let shown = []; // positions, in the order of the page
  const places = new Int32Array(count); // where each position is among them, or -1
  let chosen = new Set();
  let anchor = null;
  let own = false; // whether what is chosen just now was chosen here

  const status = statusLine(model);
  const sheet = h("div", { class: "kd-sheet", role: "presentation" });
  const grid = h("div", {
    class: "kd-grid", role: "listbox", tabindex: 0, "aria-multiselectable": "true",
    "aria-label": "Digits. Arrow keys move, Space chooses, Shift with an arrow chooses on the way.",
  }, sheet);
  grid.style.height = `${TILE.height * Math.min(ROWS, Math.max(1, Math.ceil(count / 12)))}px`;
  const showAll = h("button", { onclick: () => (tell(model, ALL), grid.focus()) }, "Show all digits");
  const empty = h("p", { class: "kd-empty" }, count ? "No digit passes all the filters."
    : "There are no digits.");
  const trouble = h("span", { class: "kd-trouble", "aria-live": "polite" });
  const filters = [menu(model, "digit", "Digit", model.get("_menu"),
    (value) => (value === "" ? null : Number(value)))];
  if (predicted) {
    filters.push(menu(model, "outcome", "Predicted", OUTCOMES), rangeFields(model, (text) => (trouble.textContent = text)),
      menu(model, "order", "Order", model.get("_orders")));
  }
  const shownWords = h("p", { "aria-live": "polite" });
  const field = h("input", {
    class: "kd-wide", placeholder: "5, 38, 120-130", spellcheck: "false", autocomplete: "off",
  });
  const total = h("strong");
  const current = h("p", { class: "kd-current" });
  const legend = h("p", { class: "kd-muted kd-push" },
    `below each digit: position, label${predicted ? "; 8→3: an 8 taken for a 3" : ""}`);
  status.say("Click or Space chooses and drops; with Shift, a whole run.");
  const root = widget("kd-chooser", "Sample chooser",
    bar(...filters.map((filter) => filter.element), trouble), bar(shownWords, showAll),
    h("div", { class: "kd-window" }, grid, empty), bar(current, legend),
    bar(labelled("Chosen", field), total,
      h("button", { onclick: () => choose([]) }, "Clear"),
      h("button", { onclick: () => choose([...chosen, ...shown]) }, "Choose all shown")),
    status.element);

  const layoutNow = () => gridLayout(grid.clientWidth, TILE, shown.length);
  let [tiles, drawn] = [new Map(), ""]; // those in sight
  const draw = oncePerFrame(() => {
    if (!grid.clientWidth) return;
    const layout = layoutNow();
    const { first, end } = visiblePlaces(grid.scrollTop, grid.clientHeight, layout, TILE, shown.length);
    const visible = shown.slice(first, end);
    tiles = new Map(visible.map((at) => [at, tiles.get(at) ?? makeTile(samples, at)]));
    const current = model.get("current");
    for (const [position, tile] of tiles) {
      tile.classList.toggle("kd-cursor", position === current);
      for (const [name, value] of [["selected", chosen.has(position)],
        ["posinset", places[position] + 1], ["setsize", shown.length]]) {
        tile.setAttribute(`aria-${name}`, value);
      }
    }
    sheet.style.height = `${layout.height}px`;
    sheet.style.paddingTop = `${(first / layout.columns) * TILE.height}px`;
    if (visible.join() !== drawn) sheet.replaceChildren(...tiles.values());
    drawn = visible.join();
    grid.setAttribute("aria-activedescendant", tiles.get(current)?.id ?? "");
  });
  const isShown = (position) => places[position] >= 0;
  const scrollTo = (position) => {
    if (!isShown(position) || !grid.clientWidth) return;
    const top = Math.floor(places[position] / layoutNow().columns) * TILE.height;
    const least = top + TILE.height - grid.clientHeight;
    grid.scrollTop = Math.max(least, Math.min(top, grid.scrollTop));
  };
  const onFilter = () => {
    const [digit, outcome, confidence] = Object.keys(ALL).map((name) => model.get(name));
    const [, , measure, sign] = model.get("_orders").find(([order]) => order === model.get("order"));
    const filter = { digit, outcome, confidence, measure, sign };
    shown = shownPositions(samples, filter);
    places.fill(-1);
    shown.forEach((position, place) => (places[position] = place));
    filters.forEach((each) => each.draw());
    const why = describeFilter(filter);
    shownWords.textContent = why
      ? `${written(shown.length)} of ${written(count)} shown: ${why}` : `All ${written(count)} digits shown`;
    empty.hidden = shown.length > 0;
    showAll.hidden = !why;
    grid.scrollTop = 0;
    if (shown.length && !isShown(model.get("current"))) tell(model, { current: shown[0] });
    onSelected();
  };
  const onSelected = () => {
    const selected = model.get("selected");
    chosen = new Set(selected);
    const hidden = selected.filter((position) => !isShown(position)).length;
    total.textContent = `${written(chosen.size)} chosen`
      + (hidden ? `, ${written(hidden)} of them hidden by the filters` : "");
    field.value = formatPositions(selected);
    field.removeAttribute("aria-invalid");
    onCurrent();
  };
  const onCurrent = () => {
    const position = model.get("current");
    current.textContent = isShown(position) ? name(position).replace(/^s/, "S") : "";
    draw();
  };

  const choose = (positions, state = {}) => {
    const selected = [...new Set(positions)];
    own = true;
    tell(model, { selected, ...state });
    own = false;
    status.say(`${written(selected.length)} chosen.`);
  };
  const flip = (position) => {
    const [verb, next] = chosen.has(position)
      ? ["Dropped", [...chosen].filter((each) => each !== position)] : ["Chosen", [...chosen, position]];
    anchor = position;
    choose(next, { current: position });
    status.say(`${verb}: ${name(position)}. ${written(next.length)} chosen.`);
  };
  const run = (from, to) => {
    const end = places[to];
    const start = isShown(from) ? places[from] : end;
    const between = shown.slice(Math.min(start, end), Math.max(start, end) + 1);
    choose([...chosen, ...(start > end ? between.reverse() : between)], { current: to });
  };
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".kd-tile");
    if (!tile) return;
    const position = Number(tile.dataset.kdPosition);
    if (event.shiftKey && anchor !== null) run(anchor, position);
    else flip(position);
  });
  grid.addEventListener("keydown", (event) => {
    const position = model.get("current");
    const command = event.ctrlKey || event.metaKey;
    if (event.key === " " || event.key === "Enter") {
      if (isShown(position)) flip(position);
    } else if (command && event.key.toLowerCase() === "a") choose([...chosen, ...shown]);
    else {
      const pageRows = Math.max(1, Math.floor(grid.clientHeight / TILE.height));
      const grown = { ...layoutNow(), pageRows, count: shown.length };
      const to = shown[movedPlace(event.key, places[position] ?? -1, grown)];
      if (to === undefined || command || event.altKey) return;
      if (event.shiftKey) run(position, to);
      else tell(model, { current: anchor = to });
    }
    event.preventDefault();
  });
  typed(field, status, (text) => {
    const { positions, error } = parsePositions(text, count);
    if (!error) choose(positions, positions.length ? { current: positions[0] } : {});
    return error;
  });
  grid.addEventListener("scroll", draw);

  const resized = new ResizeObserver(() => (scrollTo(model.get("current")), draw()));
  resized.observe(grid);
  return mount(model, el, root, [status.stop, () => resized.disconnect(), draw.cancel], {
    "digit outcome confidence order": onFilter,
    selected: () => {
      onSelected();
      if (!own) scrollTo(model.get("selected").find(isShown));
    },
    current: () => (scrollTo(model.get("current")), onCurrent()),
  });
}

export default { render: renderChooser };
