// SampleChooser: thumbnails to choose from. Only the rows in sight are drawn.
import {
  flush, followTheme, h, inkColours, isTold, labelled, listen, oncePerFrame, sharpContext,
  shieldKeys, statusLine, tell,
} from "./common.js";
import {
  describeFilter, formatPositions, gridLayout, movedPlace, optionsFor, parsePositions,
  shownPositions, visiblePlaces,
} from "./choosing.js";
import { describeSample } from "./pure.js";
import { TILE, drawTile, readSamples, stripOf } from "./thumbnails.js";

const ROWS = 4.4; // the cut row says that there is more below

function choice(model, name, text, options, read = (value) => value) {
  const select = h("select", {}, ...options.map(([value, words]) => h("option", { value }, words)));
  const draw = () => {
    const value = String(model.get(name) ?? "");
    if (!options.some(([known]) => known === value)) {
      options.push([value, value]); // set by code, and no sample has it
      select.append(h("option", { value }, value));
    }
    select.value = value;
  };
  select.addEventListener("change", () => tell(model, { [name]: read(select.value) }));
  draw();
  return { element: labelled(text, select), draw };
}

export function renderChooser({ model, el }) {
  const samples = readSamples(model);
  const name = (position) => describeSample(position, samples.labels[position], samples.row(position));
  let shown = [];
  let places = new Map();
  let chosen = new Set();
  let anchor = null;

  // ---- the page
  const status = statusLine(model);
  const option = h("div", { class: "kd-unseen", role: "option", id: `kd-${Math.random()}` });
  const canvas = h("canvas", { class: "kd-canvas", "aria-hidden": "true" });
  const spacer = h("div", { class: "kd-spacer" }, canvas);
  const grid = h("div", {
    class: "kd-grid", role: "listbox", tabindex: 0, "aria-multiselectable": "true",
    "aria-label": "Digits. Arrow keys move, Space chooses, Shift with an arrow chooses on the way.",
  }, option, spacer);
  grid.style.height = `${TILE.height * Math.min(ROWS, Math.max(1, Math.ceil(samples.count / 12)))}px`;
  const showAll = h("button", { type: "button" }, "Show all digits");
  const emptyWords = h("p", {});
  const empty = h("div", { class: "kd-empty" }, emptyWords, showAll);
  const filters = [choice(model, "digit", "Digit", optionsFor(samples.labels),
    (value) => (value === "" ? null : Number(value)))];
  if (samples.predicted) {
    filters.push(
      choice(model, "outcome", "Predicted", [["all", "right and wrong"], ["right", "right"],
        ["wrong", "wrong"]]),
      choice(model, "order", "Order", [["position", "position"], ["least sure", "least sure first"],
        ["surest", "surest first"]]),
    );
  }
  const shownCount = h("span", { class: "kd-muted kd-push" });
  const field = h("input", {
    type: "text", class: "kd-wide", placeholder: "5, 38, 120-130", spellcheck: "false",
    autocomplete: "off",
  });
  const total = h("strong", { class: "kd-count" });
  const clear = h("button", { type: "button" }, "Clear");
  const all = h("button", { type: "button" }, "Choose all shown");
  const current = h("p", { class: "kd-current" });
  const legend = h("p", { class: "kd-muted kd-push" }, samples.predicted
    ? "below each digit: position, label; 8→3: an 8 taken for a 3"
    : "below each digit: its position, its label");
  status.say("Click or Space chooses and drops; with Shift, a whole run.");
  const root = h("div", { class: "kd-root kd-chooser", role: "group", "aria-label": "Sample chooser" },
    h("div", { class: "kd-bar" }, ...filters.map((filter) => filter.element), shownCount),
    h("div", { class: "kd-window" }, grid, empty),
    h("div", { class: "kd-bar" }, current, legend),
    h("div", { class: "kd-bar" }, labelled("Chosen", field), total, clear, all), status.element);
  shieldKeys(root);
  el.append(root);

  // ---- what is drawn
  let colours = null;
  const draw = oncePerFrame(() => {
    const width = grid.clientWidth;
    if (!width) return;
    const style = getComputedStyle(root);
    const colour = (token) => style.getPropertyValue(token).trim();
    colours ??= inkColours(root);
    if (!colours) return;
    const layout = gridLayout(width, TILE, shown.length);
    const height = grid.clientHeight;
    spacer.style.height = `${Math.max(layout.height, height)}px`;
    const top = grid.scrollTop;
    const context = sharpContext(canvas, width, height);
    const { first, end } = visiblePlaces(top, height, layout, TILE, shown.length);
    const visible = shown.slice(first, end);
    const strip = stripOf(samples, visible, colours);
    visible.forEach((position, at) => {
      const place = first + at;
      drawTile(context, colour, samples, position, {
        x: layout.left + (place % layout.columns) * TILE.width,
        y: Math.floor(place / layout.columns) * TILE.height - top,
        strip, at, chosen: chosen.has(position), cursor: position === model.get("current"),
      });
    });
    root.dataset.kdDrawn = String(visible.length);
  });
  const layoutNow = () => ({
    ...gridLayout(grid.clientWidth, TILE, shown.length),
    pageRows: Math.max(1, Math.floor(grid.clientHeight / TILE.height)),
    count: shown.length,
  });
  const scrollTo = (position) => {
    const place = places.get(position);
    if (place === undefined || !grid.clientWidth) return;
    const top = Math.floor(place / layoutNow().columns) * TILE.height;
    if (top < grid.scrollTop) grid.scrollTop = top;
    const over = top + TILE.height - grid.clientHeight;
    if (over > grid.scrollTop) grid.scrollTop = over;
  };
  const scrollToCurrent = () => scrollTo(model.get("current"));
  const onFilter = () => {
    const filter = { digit: model.get("digit"), outcome: model.get("outcome") };
    shown = shownPositions(samples, { ...filter, order: model.get("order") });
    places = new Map(shown.map((position, place) => [position, place]));
    filters.forEach((each) => each.draw());
    const words = describeFilter(filter);
    shownCount.textContent = `${shown.length.toLocaleString("en")} of ${samples.count.toLocaleString("en")} shown`;
    empty.hidden = shown.length > 0;
    emptyWords.textContent = samples.count
      ? `No digit is ${words.replace(", ", " and ")}.` : "There are no digits to choose from.";
    showAll.hidden = !samples.count;
    grid.scrollTop = 0;
    if (shown.length && !places.has(model.get("current"))) tell(model, { current: shown[0] });
    scrollToCurrent();
    draw();
  };
  const onSelected = () => {
    const selected = model.get("selected");
    chosen = new Set(selected);
    total.textContent = `${chosen.size.toLocaleString("en")} chosen`;
    const hidden = shown.length < samples.count ? selected.filter((at) => !places.has(at)).length : 0;
    if (hidden) total.textContent += ` (${hidden.toLocaleString("en")} not shown)`;
    field.value = formatPositions(selected);
    onCurrent();
  };
  const onCurrent = () => {
    const position = model.get("current");
    const here = samples.count > 0 && position < samples.count;
    const words = here ? name(position) : "";
    current.textContent = words && `${words[0].toUpperCase()}${words.slice(1)}`;
    option.textContent = words;
    option.setAttribute("aria-selected", String(chosen.has(position)));
    option.setAttribute("aria-posinset", String((places.get(position) ?? -1) + 1));
    option.setAttribute("aria-setsize", String(shown.length));
    if (here) grid.setAttribute("aria-activedescendant", option.id);
    draw();
  };

  // ---- what is done
  const choose = (positions, state = {}) => {
    tell(model, { selected: [...positions], ...state });
    status.say(`${positions.size.toLocaleString("en")} chosen.`);
  };
  const flip = (position) => {
    const next = new Set(chosen);
    const verb = next.delete(position) ? "Dropped" : (next.add(position), "Chosen");
    anchor = position;
    choose(next, { current: position });
    status.say(`${verb}: ${name(position)}. ${next.size.toLocaleString("en")} chosen.`);
  };
  const run = (from, to) => {
    const [start, end] = [places.get(from) ?? places.get(to), places.get(to)];
    const between = shown.slice(Math.min(start, end), Math.max(start, end) + 1);
    choose(new Set([...chosen, ...(start > end ? between.reverse() : between)]), { current: to });
  };
  grid.addEventListener("click", (event) => {
    const box = grid.getBoundingClientRect();
    const { columns, left } = layoutNow();
    const column = Math.floor((event.clientX - box.left - grid.clientLeft - left) / TILE.width);
    const row = Math.floor((event.clientY - box.top - grid.clientTop + grid.scrollTop) / TILE.height);
    const position = column >= 0 && column < columns ? shown[row * columns + column] : undefined;
    if (position === undefined) return;
    if (event.shiftKey && anchor !== null) run(anchor, position);
    else flip(position);
  });
  grid.addEventListener("keydown", (event) => {
    const position = model.get("current");
    if (event.key === " " || event.key === "Enter") {
      if (places.has(position)) flip(position);
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      choose(new Set([...chosen, ...shown]));
    } else {
      const layout = layoutNow();
      const place = movedPlace(event.key, places.get(position) ?? -1, layout);
      if (place === null || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (!shown.length) return;
      if (event.shiftKey) run(position, shown[place]);
      else {
        anchor = shown[place];
        tell(model, { current: shown[place] });
      }
      return;
    }
    event.preventDefault();
  });
  field.addEventListener("change", () => {
    const { positions, error } = parsePositions(field.value, samples.count);
    if (error) {
      status.say(error);
      field.setAttribute("aria-invalid", "true");
      return;
    }
    field.removeAttribute("aria-invalid");
    choose(new Set(positions), positions.length ? { current: positions[0] } : {});
    field.value = formatPositions(positions);
  });
  clear.addEventListener("click", () => choose(new Set()));
  all.addEventListener("click", () => choose(new Set([...chosen, ...shown])));
  showAll.addEventListener("click", () => {
    tell(model, { digit: null, outcome: "all" });
    grid.focus();
  });
  grid.addEventListener("scroll", draw);

  const resized = new ResizeObserver(() => (scrollToCurrent(), draw()));
  resized.observe(grid);
  const stops = [
    () => flush(model),
    status.stop,
    followTheme(root, () => ((colours = null), draw())),
    listen(model, ["digit", "outcome", "order"], () => (onFilter(), onSelected())),
    listen(model, ["selected"], () => {
      onSelected();
      if (!isTold(model)) scrollTo(model.get("selected").find((at) => places.has(at)));
    }),
    listen(model, ["current"], () => (scrollToCurrent(), onCurrent())),
    () => resized.disconnect(),
    draw.cancel,
  ];
  onFilter();
  onSelected();
  return () => stops.forEach((stop) => stop());
}

export default { render: renderChooser };
