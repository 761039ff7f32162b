// SoftmaxView: what a softmax says, of one row or several side by side, and how it was made.
import {
  arrayFrom, flush, followTheme, h, labelled, listen, oncePerFrame, pager, shieldKeys, statusLine,
  tell, toggle, typed,
} from "./common.js";
import {
  barShare, describeAgreement, describeSoftmax, formatPercent, formatProbability,
  largestDifference, marksFor, preciseValue, softmaxFacts,
} from "./pure.js";
import { chooseSeries, shownClasses, softmaxSteps } from "./softmax_steps.js";

const STATE = {
  index: 0, rows: [], scale: "linear", table: false, order: "class", top: null, temperature: 1,
  focus: null, _rows: null, _count: 0, _methods: [], _class_names: [], _labels: [], _samples: [],
  _logits: false, _help: {},
};
const TICKS = {
  linear: ["0", "0.25", "0.5", "0.75", "1"],
  log: ["≤ 1e-8", "1e-6", "1e-4", "0.01", "1"],
};

const all = (tag, contents) => contents.map((content) => h(tag, {}, content));

/** Bars that can stand alone: a line for each class, in it a bar for each method and a number for
 * each column. `draw` takes a row of probabilities for each method. */
export function barChart(methods, names, columns = methods) {
  const element = h("table", { class: "kd-bars", "aria-label": "Probability of each class" });
  const draw = (rows, label, scale, {
    places = [...names.keys()], numbers = rows, write = formatProbability, facts = [], focus, pick,
  } = {}) => {
    const predicted = rows.map((row) => softmaxFacts(row).predicted);
    const line = (place) => {
      const radio = h("input", { type: "radio", name: pick, checked: place === focus });
      const bar = (row) => h("span", { style: `width: ${barShare(row[place], scale) * 100}%` });
      const value = (column, at) => h("td", { class: predicted[at] === place && "kd-largest" },
        write(column[place]));
      return h("tr", { onclick: () => pick?.(place) },
        h("th", {}, h("label", {}, pick ? radio : "", names[place])), h("td", {}, ...rows.map(bar)),
        ...numbers.map(value), h("td", {}, ...all("span", marksFor(place, label, predicted, methods))));
    };
    element.replaceChildren(
      h("thead", { hidden: !columns[1] }, h("tr", {}, ...all("th", ["class", "", ...columns, ""]))),
      h("tbody", {}, ...places.map(line)),
      h("tfoot", {}, h("tr", {}, h("td"), h("td", {}, ...all("span", TICKS[scale]))),
        ...facts.map(([name, ...cells]) => h("tr", {}, h("th", {}, name), ...all("td", cells)))));
  };
  return { element: h("div", { class: "kd-chart" }, element), draw };
}

/** The share of one class as a formula with its numbers, lit as in the lines of the chart. */
function formula(name, { scaled, largest, powers, sum, shares }, place) {
  const over = (...parts) => h("span", { class: "kd-over" }, ...all("span", parts));
  const lit = (term, value) => h("b", { class: `kd-${term}` }, preciseValue(value));
  return h("p", { class: "kd-formula" }, `share of ${name} =`, 
    over(h("span", {}, "exp(", lit("scaled", scaled[place]), ` − ${preciseValue(largest)})`), "sum of all exp"),
    "=", over(lit("power", powers[place]), lit("sum", sum)), "=", lit("share", shares[place]));
}

export function renderSoftmax({ model, el }) {
  const get = (name) => model.get(name) ?? STATE[name];
  const status = statusLine(model, { quiet: true });
  const field = (name, text, limits) => {
    const input = h("input", { type: "number", class: "kd-number", placeholder: "all", ...limits });
    typed(input, status, () => (input.validity.valid
      ? tell(model, { [name]: input.valueAsNumber || null }) : get("_help")[name]));
    const draw = () => {
      input.value = get(name) ?? "";
      input.removeAttribute("aria-invalid");
    };
    return { element: labelled(text, input), draw };
  };
  const slider = h("input", {
    type: "range", min: -1, max: 1, step: 0.01, "aria-label": "Temperature, slider",
    oninput: () => tell(model, { temperature: Number((10 ** slider.value).toPrecision(2)) }),
  });
  const reset = h("button", { onclick: () => tell(model, { temperature: 1 }) }, "Reset to 1");
  const controls = [
    toggle(model, "scale", "Log axis", ["linear", "log"]), toggle(model, "table", "Table"),
    toggle(model, "order", "Most likely first", ["class", "probability"]),
    field("top", "Most likely classes shown", { min: 1 }),
    field("temperature", "Temperature T", { min: 0.01, max: 100, step: "any", required: true }),
  ];
  const [log, table, sorted, top, heat] = controls.map(({ element }) => element);
  const [pages, title, stage, words, hint] = ["push", "title", "scroll", "words", "muted"]
    .map((name) => h("div", { class: `kd-${name}` }));
  const bar = (...parts) => h("div", { class: "kd-bar" }, ...parts);
  const root = h("div", { class: "kd-root kd-softmax-view", role: "group", "aria-label": "Softmax view" },
    bar(pages, log, table), title, stage, words, h("details", { open: get("_logits") },
      h("summary", {}, "More: order, number of classes, temperature"), bar(sorted, top),
      bar(heat, slider, reset), hint), status.element);
  shieldKeys(root);
  el.append(root);

  let [page, waiting] = [{}, 0];
  const draw = () => {
    const [index, temperature, count, names, labels, areLogits, help] = ["index", "temperature",
      "_count", "_class_names", "_labels", "_logits", "_help"].map(get);
    if (page.count !== count) {
      page = { count, ...pager(model, "Row", count, status) };
      pages.replaceChildren(page.element);
    }
    const samples = get("rows").filter((at) => at < count);
    pages.hidden = samples.length;
    if (!page.draw() && !samples.length) return;
    controls.forEach((control) => control.draw());
    slider.value = Math.log10(temperature);
    hint.textContent = help.hint ?? "";

    const { series, others, several } = chooseSeries(get("_methods"), index, samples);
    const all = arrayFrom(model, "_rows", Float32Array);
    const steps = series.map(({ method, at }) => {
      const start = (method * count + at) * names.length;
      return softmaxSteps([...all.subarray(start, start + names.length)], temperature, areLogits);
    });
    const rows = steps.map(({ shares }) => shares);
    const facts = rows.map(softmaxFacts);
    const methods = series.map(({ name }) => name);
    const focus = get("focus") ?? facts[0].predicted ?? 0;
    const { places, rest } = shownClasses(rows[0], get("order"), get("top"));

    // ---- the chart
    const [{ logits, scaled, powers, sum }] = steps;
    const lit = areLogits && !methods[1];
    const fact = (name, write, power = "") => [name, help[name] ?? "", ...(lit ? ["", "", power] : []),
      ...facts.map(write)];
    const chart = barChart(methods, names, lit ? ["logit z", "z/T", "exp(z/T − largest)", "share"] : methods);
    const held = stage.contains(document.activeElement);
    chart.draw(rows, several ? null : labels[series[0].at], get("scale"), {
      places, focus, pick: areLogits && ((place) => tell(model, { focus: place })),
      numbers: lit ? [logits, scaled, powers, rows[0]] : rows,
      write: lit || get("table") || get("scale") === "log" ? preciseValue : formatProbability,
      facts: [
        fact("Sum", (each) => each.sum.toFixed(3), preciseValue(sum)),
        fact("Margin", (each) => formatProbability(each.margin)),
        fact("Entropy", (each) => each.entropy.toFixed(2)),
        fact("Difference", (_, at) => preciseValue(largestDifference(rows[at], rows[0]))),
      ].slice(0, methods[1] ? 4 : 3),
    });
    stage.className = `${lit ? "kd-steps" : ""} ${get("table") ? "kd-as-table" : ""}`;
    stage.replaceChildren(chart.element);
    if (held) stage.querySelector(":checked").focus();

    // ---- the words
    const said = (several ? rows.map((row) => [row]) : [rows]).map((group, nth) => {
      const { at } = series[nth];
      return describeAgreement(get("_samples")[at] ?? at, names[labels[at]], group, names);
    });
    title.textContent = said.join("; ") + (temperature === 1 ? "" : `, at T = ${temperature}`);
    words.replaceChildren(...(areLogits ? steps.map((each) => formula(names[focus], each, focus)) : []),
      ...all("p", [
        ...rows.map((row, at) => (methods[1] ? `${methods[at]}: ` : "") + describeSoftmax(row, names)),
        rest && `The other ${names.length - places.length} classes have ${formatPercent(rest)} together.`,
        others[0] && `Left out, as four are drawn: ${others.join(", ")}.`,
        areLogits && help.why,
      ].filter(Boolean)));
    clearTimeout(waiting);
    const share = areLogits ? `. Share of ${names[focus]}: ${formatPercent(rows[0][focus])}` : "";
    waiting = setTimeout(() => status.say(title.textContent + share), 400);
  };
  const soon = oncePerFrame(draw);
  const stops = [() => flush(model), status.stop, () => clearTimeout(waiting), soon.cancel,
    followTheme(root, () => {}), listen(model, Object.keys(STATE), soon)];
  draw();
  return () => stops.forEach((stop) => stop());
}

export default { render: renderSoftmax };
