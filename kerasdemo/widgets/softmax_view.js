// SoftmaxView: what a row of probabilities says, for one method or several side by side.
import {
  arrayFrom, flush, followTheme, h, listen, pager, shieldKeys, statusLine, toggle,
} from "./common.js";
import {
  barShare, describeAgreement, describeSoftmax, formatProbability, largestDifference, marksFor,
  preciseValue, softmaxFacts,
} from "./pure.js";

const TICKS = {
  linear: [[0, "0"], [0.25, "0.25"], [0.5, "0.5"], [0.75, "0.75"], [1, "1"]],
  log: [[0, "≤ 1e-8"], [0.25, "1e-6"], [0.5, "1e-4"], [0.75, "0.01"], [1, "1"]],
};

/** What the kernel sent once: for each method, one row of probabilities a sample. */
export function readRows(model) {
  const [count, classes] = [model.get("_count"), model.get("_classes")];
  const methods = model.get("_methods");
  const all = arrayFrom(model, "_rows", Float32Array);
  const row = (method, index) => {
    const start = (method * count + index) * classes;
    return Array.from(all.subarray(start, start + classes));
  };
  return { count, classes, methods, rows: (index) => methods.map((_, at) => row(at, index)) };
}

function tiny(value) {
  if (Number.isNaN(value)) return "NaN";
  return value === 0 ? "0" : value < 0.001 ? value.toExponential(0) : formatProbability(value);
}

/** A name that may break after its underscores. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, h("wbr")]);
}

/** The bars: one group for each class, one bar in it for each method, made once. */
function barChart(methods, names) {
  const several = methods.length > 1;
  const heads = methods.map((method, at) => h("span", { class: "kd-head" },
    h("span", { class: `kd-swatch kd-fill-${at % 4}` }), h("span", {}, ...breakable(method))));
  const head = h("div", { class: "kd-line kd-heads" }, h("span", {}), h("span", {}), ...heads);
  head.hidden = !several;
  const ticks = h("div", { class: "kd-ticks", "aria-hidden": "true" });
  const lines = names.map((name) => {
    const fills = methods.map((_, at) => h("span", { class: `kd-fill kd-fill-${at % 4}` }));
    const track = h("div", { class: "kd-track", "aria-hidden": "true" },
      ...fills.map((fill) => h("div", { class: "kd-lane" }, fill)));
    const values = methods.map(() => h("span", { class: "kd-value" }));
    const mark = h("span", { class: "kd-mark" });
    const line = h("div", { class: "kd-line", role: "listitem" },
      h("span", { class: "kd-class" }, name), track, ...values, mark);
    return { line, fills, values, mark };
  });
  const list = h("div", { class: "kd-lines", role: "list", "aria-label": "Probability of each class" },
    ...lines.map(({ line }) => line));
  const element = h("div", { class: several ? "kd-bars kd-several" : "kd-bars" }, head, list,
    h("div", { class: "kd-line kd-axis" }, h("span", {}), ticks));
  element.style.setProperty("--kd-methods", methods.length);
  const longest = Math.max(...names.map((name) => name.length));
  element.style.setProperty("--kd-name", `${Math.min(140, Math.max(28, longest * 9))}px`);
  const draw = (rows, label, scale) => {
    const predicted = rows.map((row) => softmaxFacts(row).predicted);
    ticks.replaceChildren(...TICKS[scale].map(([at, text]) => {
      const tick = h("span", {}, text);
      tick.style.left = `${at * 100}%`;
      return tick;
    }));
    lines.forEach(({ line, fills, values, mark }, place) => {
      rows.forEach((row, at) => {
        fills[at].style.width = `${(barShare(row[place], scale) * 100).toFixed(2)}%`;
        values[at].textContent = (scale === "log" ? tiny : formatProbability)(row[place]);
        values[at].classList.toggle("kd-largest", predicted[at] === place);
      });
      const marks = marksFor(place, label, predicted, methods);
      mark.replaceChildren(...marks.map((text) => h("span", {}, text)));
      line.classList.toggle("kd-strong", marks.length > 0);
    });
  };
  return { element, draw };
}

/** A table with a heading for each column and for each line. */
function table(caption, heads, lines) {
  const head = h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)));
  const body = lines.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name),
    ...cells.map((cell) => h("td", {}, cell))));
  return h("table", { class: "kd-table" }, h("caption", {}, caption), h("thead", {}, head),
    h("tbody", {}, ...body));
}

function factTable(methods, rows) {
  const facts = rows.map((row) => softmaxFacts(row));
  const bits = facts[0].largestEntropy.toFixed(2);
  const each = (write) => facts.map(write);
  const lines = [
    ["Sum of the row", ...each((fact) => fact.sum.toFixed(3))],
    ["Margin: first minus second", ...each((fact) => formatProbability(fact.margin))],
    [`Entropy in bits: 0 is certain, ${bits} no idea`, ...each((fact) => fact.entropy.toFixed(2))],
  ];
  if (methods.length > 1) {
    const gaps = rows.map((row) => largestDifference(row, rows[0]));
    lines.push([`Largest difference from ${methods[0]}`, ...gaps.map((gap, at) => (at ? tiny(gap) : "–"))]);
  }
  return table("Facts of the row", ["", ...(methods.length > 1 ? methods : ["value"])], lines);
}

export function renderSoftmax({ model, el }) {
  const { count, classes, methods, rows } = readRows(model);
  const names = model.get("_class_names");
  const labels = model.get("_labels");

  const status = statusLine(model, { quiet: true });
  const page = pager(model, "Row", count);
  const log = toggle(model, "scale", "Log axis", ["linear", "log"]);
  const asTable = toggle(model, "table", "Table");
  const title = h("p", { class: "kd-title", "aria-live": "polite" });
  const words = h("p", { class: "kd-words" });
  const bars = barChart(methods, names);
  const numbers = h("div", { class: "kd-scroll", tabindex: 0, role: "group", "aria-label": "Table" });
  const facts = h("div", { class: "kd-scroll" });
  const root = h("div", { class: "kd-root kd-softmax-view", role: "group", "aria-label": "Softmax view" },
    h("div", { class: "kd-bar" }, page.element, h("span", { class: "kd-push" }), log.element,
      asTable.element),
    title, bars.element, numbers, words, facts, status.element);
  shieldKeys(root);
  el.append(root);

  const draw = () => {
    const index = model.get("index");
    page.draw();
    if (!(index >= 0 && index < count)) {
      status.complain(`There is no row ${index}; the rows are 0 to ${count - 1}.`);
      return;
    }
    status.complain("");
    const here = rows(index);
    const label = labels.length ? labels[index] : null;
    const said = label === null ? null : names[label] ?? label;
    const sentence = describeAgreement(index, said, here, names);
    title.textContent = `${sentence[0].toUpperCase()}${sentence.slice(1)}`;
    words.replaceChildren(...methods.map((method, at) => h("span", {},
      (methods.length > 1 ? `${method}: ` : "") + describeSoftmax(here[at], names))));
    log.draw();
    asTable.draw();
    bars.element.hidden = model.get("table");
    numbers.hidden = !model.get("table");
    bars.draw(here, label, model.get("scale"));
    if (!numbers.hidden) {
      const predicted = here.map((row) => softmaxFacts(row).predicted);
      numbers.replaceChildren(table("Probability of each class", ["Class", ...methods, ""],
        Array.from({ length: classes }, (_, place) => [names[place],
          ...here.map((row) => preciseValue(row[place])),
          marksFor(place, label, predicted, methods).join(", ")])));
    }
    facts.replaceChildren(factTable(methods, here));
  };

  const stops = [
    () => flush(model),
    status.stop,
    followTheme(root, () => {}),
    listen(model, ["index", "scale", "table"], draw),
  ];
  draw();
  return () => stops.forEach((stop) => stop());
}

export default { render: renderSoftmax };
