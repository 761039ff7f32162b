// LiveTimings: the page asks for each step, so that Stop, or closing the page, stops the kernel too.
import { bar, disable, h, labelled, mount, showPage, statusLine, toggle, widget } from "./common.js";

function render({ model, el }) {
  let mine = false; // of several views, only the clicked one asks
  const go = (on, again) => {
    try {
      if (on) model.send({ measure: model.get("_progress").turn, again });
    } catch {
      on = false; // the kernel is gone, or there is none
    }
    model.set("_running", on);
    mine = on;
  };
  const status = statusLine(model, { asks: true });
  const main = h("button", { onclick: () => go(!model.get("_running")) });
  const again = h("button", { onclick: () => (go(true, true), main.focus()) }, "Start again");
  const done = h("progress");
  const far = labelled("", done);
  const per = toggle(model, "per", "Time per sample", ["call", "sample"]);
  const page = h("div", { class: "kd-page", tabindex: 0, role: "group", "aria-label": "Chart, table" });
  const root = widget("kd-live-timings", "Live timings",
    bar(main, again, far, per.element), status.element, page);

  const draw = () => {
    const now = model.get("_progress");
    const busy = model.get("_running"); // only the views of this page know it
    mine &&= busy;
    main.textContent = busy ? "Stop" : now.offer;
    disable(main, model.still);
    again.hidden = busy || now.offer !== "Continue";
    far.hidden = !busy;
    done.value = now.share;
    far.firstChild.textContent = now.doing;
    status.say(busy ? "" : now.said);
  };
  return mount(model, el, root, [() => mine && go(false), status.stop], {
    _progress: () => mine && go(!model.get("_progress").stop),
    "_running _progress": draw,
    "_pages per": () => {
      per.draw();
      showPage(page, model.get("_pages")[model.get("per")]);
    },
  });
}

export default { render };
