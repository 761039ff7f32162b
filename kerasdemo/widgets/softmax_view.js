// SoftmaxView: what a softmax says, of one row or several side by side, and how it was made.
import {
  arrayFrom, bar, fill, h, labelled, mount, oncePerFrame, pager, statusLine, tell, toggle, typed,
  widget,
} from "./common.js";
import {
  barShare, describeAgreement, describeSoftmax, formatPercent, formatProbability,
  huesOf, largestDifference, marksFor, preciseValue, softmaxFacts,
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

const each = (tag, contents) => contents.map((content) => h(tag, {}, content ?? ""));

/** Bars that can stand alone: a line for each class, with a bar for each row of probabilities, one
 * of each method, and a number for each column. */
export function barChart(methods, names, rows, {
  label = null, scale = "linear", columns = methods, numbers = rows, write = formatProbability,
  places = [...names.keys()], facts = [], focus, group,
} = {}) {
  const predicted = rows.map((row) => softmaxFacts(row).predicted);
  const hues = huesOf(methods);
  const heading = (name, at) => h("span", { class: !group && `kd-hue-${hues[at]}` }, name);
  const line = (place) => {
    const radio = group && h("input", { type: "radio", name: group, checked: place === focus });
    const drawn = (row, at) => h("span", {
      class: `kd-hue-${hues[at]}`, style: `width: ${barShare(row[place], scale) * 100}%`,
    });
    const value = (column, at) => h("td", {
      class: predicted.at(at - numbers.length) === place && "kd-largest", // the shares come last
    }, write(column[place]));
    const marks = marksFor(place, label, predicted, methods).join(", ");
    const style = `${marks && "kd-marked"} ${group && place === focus ? "kd-focus" : ""}`;
    return h("tr", { "data-kd-place": place, class: style },
      h("th", {}, h("label", {}, radio || "", names[place])), h("td", {}, ...rows.map(drawn)),
      ...numbers.map(value), h("td", {}, marks));
  };
  const style = (columns[1] ? " kd-several" : "") + (group ? " kd-steps" : "");
  return h("div", { class: `kd-chart${style}` }, h("table", { "aria-label": "Probabilities" },
    h("thead", { hidden: !columns[1] }, h("tr", {}, ...each("th", ["class", "bar", ...columns.map(heading), "mark"]))),
    h("tbody", {}, ...places.map(line)),
    h("tfoot", {}, h("tr", {}, h("td"), h("td", {}, ...each("span", TICKS[scale]))),
      ...facts.map(([name, ...cells]) => h("tr", {}, h("th", {}, name), ...each("td", cells))))));
}

/** The share of one class as a formula with its numbers, lit as in the lines of the chart. */
function formula(name, { columns, largest, sum }, place) {
  const lit = (term, value) => h("b", { class: `kd-lit-${term}` }, preciseValue(value));
  const [, z, power, share] = columns.map((column, at) => lit(at, column[place]));
  const over = (...parts) => h("span", { class: "kd-over" }, ...each("span", parts));
  return h("p", { class: "kd-formula" }, `share of ${name} =`,
    over(h("span", {}, "exp(", z, ` − ${preciseValue(largest)})`), "sum of all exp"), "=",
    over(power, lit("sum", sum)), "=", share);
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
    oninput: () => tell(model, { temperature: Number((10 ** slider.value).toPrecision(3)) }),
  });
  const reset = h("button", { onclick: () => tell(model, { temperature: 1 }) }, "Reset to 1");
  const controls = [
    toggle(model, "scale", "Log axis", ["linear", "log"]), toggle(model, "table", "Table"),
    toggle(model, "order", "Most likely first", ["class", "probability"]),
    field("top", "Show the top", { min: 1 }),
    field("temperature", "Temperature T", { min: 0.01, max: 100, step: "any", required: true }),
  ];
  const [log, table, ...more] = controls.map(({ element }) => element);
  const page = pager(model, "Row", status);
  const [title, stage, words, hint] = ["title", "scroll", "words", "muted"]
    .map((name) => h("div", { class: `kd-${name}` }));
  const root = widget("kd-softmax-view", "Softmax view",
    bar(page.element, log, table), title, stage, words, h("details", { open: get("_logits") },
      h("summary", {}, "More: order, number of classes, temperature"),
      bar(...more, slider, reset), hint), status.element);
  stage.addEventListener("click", ({ target }) => {
    const line = target.closest(".kd-steps [data-kd-place]");
    if (line) tell(model, { focus: Number(line.dataset.kdPlace) });
  });

  const group = Math.random();
  let waiting = 0;
  const draw = () => {
    const [T, scale, count, names, labels, areLogits, help] = ["temperature", "scale", "_count",
      "_class_names", "_labels", "_logits", "_help"].map(get);
    const samples = get("rows").filter((at) => at < count);
    if (!page.draw() && !samples.length) return;
    page.element.hidden ||= samples.length;
    controls.forEach((control) => control.draw());
    hint.textContent = help.hint;
    slider.value = Math.log10(T);
    root.classList.toggle("kd-bare", get("table"));

    const { series, methods, others, several } = chooseSeries(get("_methods"), get("index"), samples);
    const steps = series.map(({ method, at }) => softmaxSteps([
      ...arrayFrom(model, "_rows", Float32Array, (method * count + at) * names.length, names.length),
    ], T, areLogits));
    const [one] = steps;
    const rows = steps.map(({ shares }) => shares);
    const facts = rows.map(softmaxFacts);
    const focus = get("focus") in names ? get("focus") : facts[0].predicted ?? 0;
    const { places, rest } = shownClasses(rows[0], get("order"), get("top"));

    const lit = areLogits && !methods[1];
    const fact = (name, write, power = "") => [name, help[name], ...(lit ? ["", "", power] : []),
      ...facts.map(write)];
    const held = stage.contains(document.activeElement);
    fill(stage, [barChart(methods, names, rows, {
      label: several ? null : labels[series[0].at], scale, places, focus,
      columns: lit ? ["logit z", "z/T", "exp(z/T − largest)", "share"] : methods,
      numbers: lit ? one.columns : rows,
      write: lit || get("table") || scale === "log" ? preciseValue : formatProbability,
      group: lit && group,
      facts: [
        fact("Sum", ({ sum }) => sum.toFixed(3), preciseValue(one.sum)),
        fact("Margin", ({ margin }) => formatProbability(margin)),
        fact("Entropy", ({ entropy }) => entropy.toFixed(2)),
        fact("Difference", (_, at) => (at ? preciseValue(largestDifference(rows[at], rows[0])) : "–")),
      ].slice(0, methods[1] ? 4 : 3),
    })]);
    if (held) stage.querySelector(":checked")?.focus();

    const said = series.map(({ at }, nth) => describeAgreement(get("_samples")[at] ?? at,
      names[labels[at]], several ? [rows[nth]] : rows, names));
    title.textContent = [...new Set(said)].join("; ") + (T === 1 ? "" : `, at T = ${T}`);
    fill(words, [lit ? formula(names[focus], one, focus) : h("p"), ...each("p", [
      ...rows.map((row, at) => (methods[1] ? `${methods[at]}: ` : "") + describeSoftmax(row, names)),
      rest && `The other ${names.length - places.length} classes hold ${formatPercent(rest)}.`,
      others[0] && `Left out, as four fit: ${others.join(", ")}.`,
      lit && help.why,
    ].filter(Boolean))]);
    clearTimeout(waiting);
    const share = lit ? `. Share of ${names[focus]}: ${formatPercent(rows[0][focus])}` : "";
    waiting = setTimeout(() => status.say(title.textContent + share), 400);
  };
  const soon = oncePerFrame(draw);
  draw();
  return mount(model, el, root, [status.stop, soon.cancel], { [Object.keys(STATE).join(" ")]: soon });
}

export default { render: renderSoftmax };
