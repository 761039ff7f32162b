// PredictionExplorer: choose samples, run the methods, read image, softmax and table together.
import { flush, followTheme, h, listen, shieldKeys, statusLine, toggle } from "./common.js";
import { renderDigitView } from "./digit_view.js";
import { renderChooser } from "./sample_chooser.js";
import { renderSoftmax } from "./softmax_view.js";

/** The explorer's model as another view knows it: with other values, and under other names. Of
 * errors, and of a kernel that is gone, the chooser alone speaks. */
function seenAs(model, values = () => {}, names = {}) {
  const own = (name) => names[name] ?? name;
  const hear = (verb) => (event, draw) => model[verb](`change:${own(event.split(":")[1])}`, draw);
  return {
    get: (name) => ({ ...values(), _error: "" })[name] ?? model.get(own(name)),
    set: (name, value) => model.set(own(name), value),
    save_changes: () => model.save_changes(),
    on: hear("on"),
    off: hear("off"),
  };
}

export function renderExplorer({ model, el }) {
  const get = (name) => model.get(name);
  const steps = get("_steps");
  const status = statusLine(seenAs(model));
  const start = h("button", { class: "kd-start", onclick: () => run() }, `Run the ${steps.length} methods`);
  const live = toggle(model, "live", "Run at each choice");
  const stop = h("button", { onclick: () => (mine = model.send({ at: -1 })) }, "Stop");
  const [bar, doing] = [h("progress", { max: steps.length }), h("span", { class: "kd-muted" })];
  const [chooser, image, bars, why, page] = ["", "", "", "kd-title", "kd-page"]
    .map((name) => h("div", { class: name }));
  const root = h("div", { class: "kd-root kd-explorer", role: "group", "aria-label": "Prediction explorer" },
    chooser, h("div", { class: "kd-bar" }, start, live.element, stop, bar, doing), status.element,
    h("div", { class: "kd-pair" }, image, h("div", {}, why, bars)), page);
  shieldKeys(root);
  el.append(root);

  let mine = false; // of several views, the one that was clicked asks the kernel
  const run = () => {
    if (get("_at") >= 0) return;
    flush(model);
    mine = true;
    model.set("_at", 0); // known to the views of this page only
  };
  const onAt = () => { // one method after the other: in between the kernel can do other things
    const at = get("_at");
    mine &&= at >= 0;
    if (mine) model.send({ at, samples: get("selected") });
    start.setAttribute("aria-disabled", String(at >= 0));
    stop.setAttribute("aria-disabled", String(at < 0));
    bar.hidden = at < 0;
    bar.value = at;
    doing.textContent = steps[at] ?? "Ctrl+Enter runs, too.";
  };
  const onDoing = () => model.set("_at", get("_doing")[1]);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }, true);
  const place = () => get("ran").indexOf(get("current"));
  const draw = () => {
    live.draw();
    why.textContent = get("_bars")._why
      || (place() < 0 ? `Sample ${get("current")} was not run yet: choose it, then run.` : "");
    bars.hidden = why.textContent;
  };
  const onRan = () => {
    status.say(get("_agreed"));
    status.complain(get("_wrong"));
    page.replaceChildren(new DOMParser().parseFromString(get("_page"), "image/svg+xml").documentElement);
  };

  const digit = seenAs(model, () => get("_digit"), { index: "current", _values: "_pixels" });
  const softmax = seenAs(model, () => ({ ...get("_bars"), index: Math.max(0, place()) }),
    { index: "current", _rows: "_bars", order: "_order" });
  const stops = [
    renderChooser({ model, el: chooser }), renderDigitView({ model: digit, el: image }),
    renderSoftmax({ model: softmax, el: bars }), () => mine && model.send({ at: -1 }), status.stop,
    followTheme(root), listen(model, ["_doing"], onDoing), listen(model, ["_at"], onAt),
    listen(model, ["_page", "_wrong"], onRan), listen(model, ["current", "_bars", "ran", "live"], draw),
  ];
  for (const begin of [onDoing, onAt, onRan, draw]) begin();
  return () => stops.forEach((end) => end());
}

export default { render: renderExplorer };
