// LiveTimings: the page asks for one step after the other, so that stopping here, or closing the
// page, stops the kernel too. The kernel measures, draws and finds the words.
import { followTheme, h, labelled, listen, shieldKeys, statusLine, toggle } from "./common.js";

function render({ model, el }) {
  let mine = false; // of several views, only the clicked one asks
  const running = () => model.get("_running"); // known to the views of this page only
  const go = (on, again) => {
    try {
      if (on) model.send({ measure: model.get("_progress").turn, again });
    } catch {
      on = false; // the kernel is gone
    }
    model.set("_running", on);
    mine = on;
  };
  const status = statusLine(model);
  const main = h("button", { onclick: () => go(!running()) });
  const again = h("button", { onclick: () => (go(true, true), main.focus()) }, "Start again");
  const bar = h("progress");
  const far = labelled("", bar);
  const per = toggle(model, "per", "Time per sample", ["call", "sample"]);
  const page = h("div", { class: "kd-page", tabindex: 0, role: "group", "aria-label": "Chart and table" });
  const root = h("div", { class: "kd-root kd-live-timings", role: "group", "aria-label": "Live timings" },
    h("div", { class: "kd-bar" }, main, again, far, per.element), status.element, page);
  shieldKeys(root);
  el.append(root);

  const draw = () => {
    const now = model.get("_progress");
    const busy = running();
    mine &&= busy;
    main.textContent = busy ? "Stop" : now.offer;
    again.hidden = busy || now.offer !== "Continue";
    far.hidden = !busy;
    bar.value = now.share;
    far.firstChild.textContent = now.doing;
    status.say(busy ? "" : now.said);
  };
  const drawPage = () => {
    per.draw();
    const xml = model.get("_pages")[model.get("per")];
    page.replaceChildren(new DOMParser().parseFromString(xml, "image/svg+xml").documentElement);
  };
  const stops = [
    () => mine && go(false),
    status.stop,
    followTheme(root),
    listen(model, ["_progress"], () => mine && go(!model.get("_progress").stop)),
    listen(model, ["_running", "_progress"], draw),
    listen(model, ["_pages", "per"], drawPage),
  ];
  draw();
  drawPage();
  return () => stops.forEach((stop) => stop());
}

export default { render };
