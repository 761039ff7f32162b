// PredictionExplorer: a chooser; below it the methods that run, and image, softmax and table.
import { bar, disable, h, mount, showPage, statusLine, toggle, widget } from "./common.js";
import { renderDigitView } from "./digit_view.js";
import { renderChooser } from "./sample_chooser.js";
import { renderSoftmax } from "./softmax_view.js";

/** The explorer's model as another view knows it: some names are others, some values are made
 * here. Of errors the chooser alone speaks. */
function seenAs(model, names = {}, values = () => {}) {
  const own = (name) => names[name] ?? name;
  return {
    ...model,
    get: (name) => ({ ...values(), _error: "" })[name] ?? model.get(own(name)),
    set: (name, value) => model.set(own(name), value),
    on: (event, draw) => model.on(`change:${own(event.split(":")[1])}`, draw),
  };
}

function renderExplorer({ model, el }) {
  const get = (name) => model.get(name);
  const steps = get("_steps");
  const place = () => get("ran").indexOf(get("current")); // -1: not run
  const digit = seenAs(model, { index: "current", _values: "_pixels" }, () => get("_digit"));
  const softmax = seenAs(model, { index: "current", _rows: "_bars", order: "_order" },
    () => ({ ...get("_bars"), index: place() }));

  const status = statusLine(seenAs(model), { asks: true });
  const start = h("button", { onclick: () => run() }, "Run all methods");
  const live = toggle(model, "live", "Run at each choice");
  const stop = h("button", { onclick: () => model.send({ at: -1 }) }, "Stop");
  const [done, doing] = [h("progress", { max: steps.length }), h("span")];
  const [chooser, image, bars, why] = ["choose", "image", "answer", "title"]
    .map((name) => h("div", { class: `kd-${name}` }));
  const page = h("div", { class: "kd-page", tabindex: 0, role: "group", "aria-label": "Table" });
  const root = widget("kd-explorer", "Prediction explorer",
    chooser, bar(start, model.still ? "" : live.element, stop, done, doing), status.element,
    h("div", { class: "kd-pair" }, image, h("div", {}, why, bars)), page);

  let mine = false; // of several views, the clicked one asks
  const go = (at, asks) => { // only the views of this page know `_at`
    if (model.still) return;
    mine = asks && at >= 0;
    if (mine) model.send({ at, samples: get("selected") });
    model.set("_at", at);
  };
  const run = () => get("_at") >= 0 || go(0, true);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }, true);
  return mount(model, el, root, [
    renderChooser({ model, el: chooser }), renderDigitView({ model: digit, el: image }),
    renderSoftmax({ model: softmax, el: bars }), status.stop, () => mine && (go(-1), model.send({ at: -1 })),
  ], {
    _doing: () => {
      const [, at, told] = get("_doing"); // told: nobody need ask
      if (told || mine) go(at, !told);
    },
    _at: () => {
      const at = get("_at") ?? -1;
      disable(start, at >= 0 || model.still);
      disable(stop, at < 0);
      done.hidden = at < 0;
      done.value = at;
      doing.textContent = steps[at] ?? "Ctrl+Enter runs, too.";
    },
    "_page _wrong": () => {
      status.say(get("_agreed"));
      status.complain(get("_wrong"));
      showPage(page, get("_page"));
    },
    "current ran _bars live": () => {
      live.draw();
      why.textContent = get("_bars")._why || (place() < 0 ? "Not run yet: choose it, then run." : "");
      bars.hidden = why.textContent;
    },
  });
}

export default { render: renderExplorer };
