// PredictionExplorer: a chooser; below it the methods that run, and image, softmax and table.
import { h, mount, statusLine, toggle } from "./common.js";
import { renderDigitView } from "./digit_view.js";
import { renderChooser } from "./sample_chooser.js";
import { renderSoftmax } from "./softmax_view.js";

/** The explorer's model as another view knows it: some names are others, some values are made
 * here. Of errors, and of a kernel that is gone, the chooser alone speaks. */
function seenAs(model, names = {}, values = () => {}) {
  const own = (name) => names[name] ?? name;
  const heard = (event) => `change:${own(event.split(":")[1])}`;
  return {
    ...model,
    get: (name) => ({ ...values(), _error: "" })[name] ?? model.get(own(name)),
    set: (name, value) => model.set(own(name), value),
    on: (event, draw) => model.on(heard(event), draw),
    off: (event, draw) => model.off(heard(event), draw),
  };
}

export function renderExplorer({ model, el }) {
  const get = (name) => model.get(name);
  const steps = get("_steps");
  const place = () => get("ran").indexOf(get("current")); // -1: not run
  const digit = seenAs(model, { index: "current", _values: "_pixels" }, () => get("_digit"));
  const softmax = seenAs(model, { index: "current", _rows: "_bars", order: "_order" },
    () => ({ ...get("_bars"), index: place() }));

  const status = statusLine(seenAs(model));
  const start = h("button", { class: "kd-start", onclick: () => run() }, `Run the ${steps.length} methods`);
  const live = toggle(model, "live", "Run at each choice");
  const stop = h("button", { onclick: () => model.send({ at: -1 }) }, "Stop");
  const [bar, doing] = [h("progress", { max: steps.length }), h("span", { class: "kd-muted" })];
  const box = (name, ...children) => h("div", { class: name }, ...children);
  const [chooser, image, bars, why, page] = ["", "", "", "kd-title", "kd-page"].map((name) => box(name));
  const root = h("div", { class: "kd-root kd-explorer", role: "group", "aria-label": "Prediction explorer" },
    chooser, box("kd-bar", start, live.element, stop, bar, doing), status.element,
    box("kd-pair", image, box("", why, bars)), page);

  let mine = false; // of several views, the one that was clicked asks the kernel
  const run = () => {
    if (get("_at") >= 0) return;
    mine = true;
    model.set("_at", 0); // known to the views of this page only
  };
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }, true);
  return mount(model, el, root, [
    renderChooser({ model, el: chooser }), renderDigitView({ model: digit, el: image }),
    renderSoftmax({ model: softmax, el: bars }), status.stop, () => mine && model.send({ at: -1 }),
  ], {
    _doing: () => model.set("_at", get("_doing")[1]),
    _at: () => { // one method after the other: in between the kernel can do other things
      const at = get("_at");
      mine &&= at >= 0;
      if (mine) model.send({ at, samples: get("selected") });
      start.setAttribute("aria-disabled", at >= 0);
      stop.setAttribute("aria-disabled", at < 0);
      bar.hidden = at < 0;
      bar.value = at;
      doing.textContent = steps[at] ?? "Ctrl+Enter runs, too.";
    },
    "_page _wrong": () => {
      status.say(get("_agreed"));
      status.complain(get("_wrong"));
      page.replaceChildren(new DOMParser().parseFromString(get("_page"), "image/svg+xml").documentElement);
    },
    "current ran _bars live": () => {
      live.draw();
      why.textContent = get("_bars")._why || (place() < 0 ? "This sample was not run yet: choose it, then run." : "");
      bars.hidden = why.textContent;
    },
  });
}

export default { render: renderExplorer };
