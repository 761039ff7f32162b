// PredictionExplorer: choose samples, run the methods, read image, softmax and table together.
import { flush, followTheme, h, listen, shieldKeys, statusLine, toggle } from "./common.js";
import { renderDigitView } from "./digit_view.js";
import { renderChooser } from "./sample_chooser.js";
import { renderSoftmax } from "./softmax_view.js";

/** The explorer's model as another view knows it: under other names, with some values made here. */
const seenAs = (model, names, values) => ({
  get: (name) => values[name] ?? model.get(names[name] ?? name),
  set: (name, value) => model.set(names[name] ?? name, value),
  save_changes: () => model.save_changes(),
  on: (event, draw) => event.includes(":") && model.on("change", draw),
  off: (_, draw) => model.off("change", draw),
});

export function renderExplorer({ model, el }) {
  const get = (name) => model.get(name);
  const steps = get("_steps");
  const quiet = { _error: "" }; // the chooser says it
  const status = statusLine(seenAs(model, {}, quiet));
  const start = h("button", { class: "kd-start", onclick: () => run() }, `Run the ${steps.length} methods`);
  const live = toggle(model, "live", "Run at each choice");
  const stop = h("button", { onclick: () => (mine = model.send({ at: -1 })) }, "Stop");
  const [bar, doing] = [h("progress", { max: steps.length }), h("span", { class: "kd-muted" })];
  const [chooser, image, bars, why, page] = ["", "", "", "kd-title", "kd-page"].map((name) => h("div", { class: name }));
  const root = h("div", { class: "kd-root kd-explorer", role: "group", "aria-label": "Prediction explorer" },
    chooser, h("div", { class: "kd-bar" }, start, live.element, stop, bar, doing), status.element,
    h("div", { class: "kd-pair" }, image, h("div", {}, why, bars)), page);
  shieldKeys(root);
  el.append(root);

  let mine = false; // of several views, the one that was clicked asks the kernel
  const run = () => {
    if (get("_doing") >= 0) return;
    flush(model);
    mine = true;
    model.set("_doing", 0);
  };
  const onDoing = () => { // one method after the other: in between the kernel can do other things
    const at = get("_doing");
    mine &&= at >= 0;
    if (mine) model.send({ at });
    start.setAttribute("aria-disabled", String(at >= 0));
    stop.setAttribute("aria-disabled", String(at < 0));
    bar.hidden = at < 0;
    bar.value = at;
    doing.textContent = steps[at] ?? "Ctrl+Enter runs, too.";
  };
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }, true);
  const draw = () => {
    const current = get("current");
    live.draw();
    why.textContent = get("_why") || (get("ran").includes(current) ? ""
      : `Sample ${current} was not run yet: choose it, then run.`);
    bars.hidden = why.textContent;
  };
  const onRan = () => {
    status.say(get("_agreed"));
    status.complain(get("_wrong"));
    page.replaceChildren(new DOMParser().parseFromString(get("_page"), "image/svg+xml").documentElement);
  };

  const digit = seenAs(model, { index: "current", _values: "_pixels" }, { ...quiet, ...get("_digit") });
  const softmax = seenAs(model, {
    _rows: "_results", _count: "_run_count", _labels: "_run_labels", _samples: "ran", order: "_order",
  }, {
    ...quiet, get index() { return Math.max(0, get("ran").indexOf(get("current"))); },
  });
  const stops = [
    renderChooser({ model, el: chooser }), renderDigitView({ model: digit, el: image }),
    renderSoftmax({ model: softmax, el: bars }), () => mine && model.send({ at: -1 }), status.stop,
    followTheme(root), listen(model, ["_doing"], onDoing),
    listen(model, ["_page", "_wrong"], onRan), listen(model, ["current", "ran", "live"], draw),
  ];
  for (const begin of [onDoing, onRan, draw]) begin();
  return () => stops.forEach((end) => end());
}

export default { render: renderExplorer };
