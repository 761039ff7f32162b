// SoftmaxView: what a softmax says, of one row or several side by side, and how it was made.
import {
  arrayFrom, flush, followTheme, h, labelled, listen, oncePerFrame, pager, shieldKeys, statusLine,
  tell, toggle, typed,
} from "./common.js";
import {
  barShare, describeAgreement, describeSample, describeSoftmax, formatPercent, formatProbability,
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

const short = (p) => (p > 0 && p < 0.001 ? p.toExponential(0) : formatProbability(p));
const spans = (texts) => texts.map((text) => h("span", {}, text));

/** A line of the chart: a name, what stands where the bars are, numbers, words. */
const chartLine = (tag, name, middle, numbers) => h("tr", {}, h("th", {}, name),
  h(tag, {}, ...spans(middle)), ...numbers.map((number) => h(tag, {}, number)), h(tag));

/** Bars that can stand alone: a line for each class, in it a bar for each method and a number for
 * each column. `draw` takes a row of probabilities for each method. */
export function barChart(methods, names, { columns = methods, pick } = {}) {
  const [blank, group] = [columns.map(() => ""), Math.random()];
  const lines = names.map((name, place) => {
    const radio = pick ? h("input", { type: "radio", name: group }) : "";
    const line = chartLine("td", h("label", {}, radio, name), methods.map(() => ""), blank);
    line.onclick = () => pick?.(place);
    return line;
  });
  const [body, foot] = [h("tbody"), h("tfoot")];
  const element = h("div", { class: "kd-chart" },
    h("table", { class: "kd-bars", "aria-label": "Probability of each class" },
      h("thead", { hidden: !columns[1] }, chartLine("th", "class", [], columns)), body, foot));
  const draw = (rows, label, scale, {
    places = [...names.keys()], numbers = rows, facts = [], focus,
    write = scale === "log" ? short : formatProbability,
  } = {}) => {
    const predicted = rows.map((row) => softmaxFacts(row).predicted);
    if (body.dataset.places !== `${places}`) body.replaceChildren(...places.map((place) => lines[place]));
    body.dataset.places = places;
    for (const place of places) {
      const [name, track, ...values] = lines[place].children;
      const mark = values.pop();
      rows.forEach((row, at) => (track.children[at].style.width = `${barShare(row[place], scale) * 100}%`));
      values.forEach((value, at) => {
        value.textContent = write(numbers[at][place]);
        value.classList.toggle("kd-largest", predicted[at] === place);
      });
      mark.replaceChildren(...spans(marksFor(place, label, predicted, methods)));
      if (pick) name.querySelector("input").checked = place === focus;
    }
    foot.replaceChildren(chartLine("td", "", TICKS[scale], blank),
      ...facts.map(([name, words, ...values]) => chartLine("td", name, [words], values)));
  };
  return { element, draw };
}

/** The share of one class as a formula with its numbers, lit as in the lines of the chart. */
function formula(name, { scaled, largest, powers, sum, shares }, place) {
  const lit = (term, value) => h("b", { class: `kd-${term}` }, preciseValue(value));
  const over = (...parts) => h("span", { class: "kd-over" }, ...parts.map((part) => h("span", {}, ...part)));
  return h("p", { class: "kd-formula" }, `share of ${name} = `,
    over(["exp(", lit("scaled", scaled[place]), ` − ${preciseValue(largest)})`], ["sum of all exp"]), " = ",
    over([lit("power", powers[place])], [lit("sum", sum)]), " = ", lit("share", shares[place]));
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
  const controls = [
    toggle(model, "scale", "Log axis", ["linear", "log"]), toggle(model, "table", "Table"),
    toggle(model, "order", "Most likely first", ["class", "probability"]),
    field("top", "Most likely classes shown", { min: 1 }),
    field("temperature", "Temperature T", { min: 0.01, max: 100, step: "any", required: true }),
  ];
  const [log, asTable, sorted, top, heat] = controls.map(({ element }) => element);
  const [pages, title, stage, words, hint] = ["push", "title", "scroll", "words", "muted"]
    .map((name) => h("div", { class: `kd-${name}` }));
  const bar = (...parts) => h("div", { class: "kd-bar" }, ...parts);
  const root = h("div", { class: "kd-root kd-softmax-view", role: "group", "aria-label": "Softmax view" },
    bar(pages, log, asTable), title, stage, words,
    h("details", { open: get("_logits") }, h("summary", {}, "More: order, number of classes, temperature"),
      bar(sorted, top), bar(heat, slider,
        h("button", { onclick: () => tell(model, { temperature: 1 }) }, "Reset to 1")), hint),
    status.element);
  shieldKeys(root);
  el.append(root);

  let [page, chart, waiting] = [{}, {}, 0];
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

    const { series, others } = chooseSeries(get("_methods"), index, samples);
    const all = arrayFrom(model, "_rows", Float32Array);
    const steps = series.map(({ method, at }) => {
      const start = (method * count + at) * names.length;
      return softmaxSteps([...all.subarray(start, start + names.length)], temperature, areLogits);
    });
    const rows = steps.map(({ shares }) => shares);
    const facts = rows.map(softmaxFacts);
    const [{ logits, scaled, powers, sum }] = steps;
    const methods = series.map(({ name }) => name);
    const open = areLogits && !methods[1];
    const columns = open ? ["logit z", "z/T", "exp(z/T − largest)", "share"] : methods;
    const key = JSON.stringify([methods, columns, names]);
    if (chart.key !== key) {
      const pick = areLogits && ((focus) => tell(model, { focus }));
      chart = { key, ...barChart(methods, names, { columns, pick }) };
      stage.replaceChildren(chart.element);
    }
    const fact = (name, write, power = "") => [name, help[name] ?? "", ...(open ? ["", "", power] : []),
      ...facts.map(write)];
    const focus = get("focus") ?? facts[0].predicted ?? 0;
    const { places, rest } = shownClasses(rows[0], get("order"), get("top"));
    chart.element.className = `kd-chart${open ? " kd-steps" : ""}${get("table") ? " kd-as-table" : ""}`;
    chart.draw(rows, samples[1] >= 0 ? null : labels[series[0].at], get("scale"), {
      places, focus, numbers: open ? [logits, scaled, powers, rows[0]] : rows,
      write: open || get("table") ? preciseValue : undefined,
      facts: [
        fact("Sum", (each) => each.sum.toFixed(3), preciseValue(sum)),
        fact("Margin", (each) => formatProbability(each.margin)),
        fact("Entropy", (each) => each.entropy.toFixed(2)),
        fact("Difference", (_, at) => short(largestDifference(rows[at], rows[0]))),
      ].slice(0, methods[1] ? 4 : 3),
    });

    const number = (at) => get("_samples")[at] ?? at;
    const named = (at) => names[labels[at]];
    const said = samples.length > 1
      ? series.map(({ at }, nth) => describeSample(number(at), named(at), rows[nth], names)).join("; ")
      : describeAgreement(number(series[0].at), named(series[0].at), rows, names);
    title.textContent = said + (temperature === 1 ? "" : `, at T = ${temperature}`);
    words.replaceChildren(
      ...(areLogits ? steps.map((each) => formula(names[focus], each, focus)) : []), ...spans([
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
