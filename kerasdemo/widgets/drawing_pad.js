// DrawingPad: draw with mouse, finger, pen or keys; beside it what the model sees, and says.
import {
  arrayFrom, bar, drawInk, fill, h, labelled, mount, oncePerFrame, statusLine, tell, widget,
} from "./common.js";
import { SHEET, SIZE, drawStrokes, frameDigit } from "./framing.js";
import { barChart } from "./softmax_view.js";

function renderDrawingPad({ model, el }) {
  const get = (name) => model.get(name);
  let line = null; // the stroke under way
  let place = [SHEET / 2, SHEET / 2]; // of the pen

  const put = (state) => tell(model, { ...state, _drawing: line !== null });
  const replace = (strokes, to, rest) =>
    put({ strokes, [to]: [...get(to), get("strokes")].slice(-20), ...rest });
  const change = (strokes) => replace(strokes, "_past", { _future: [] });
  const draw = (points) => {
    const before = line;
    line = { width: get("width"), ...line, points: [...(line?.points ?? []), ...points] };
    place = points.at(-1);
    if (before) put({ strokes: [...get("_past").at(-1), line] });
    else change([...get("strokes"), line]);
  };
  const lift = () => {
    line = null;
    put();
  };
  const travel = (from, to) => {
    lift();
    const steps = get(from);
    if (steps.length) replace(steps.at(-1), to, { [from]: steps.slice(0, -1) });
  };
  const undo = () => travel("_past", "_future");
  const redo = () => travel("_future", "_past");
  const clear = () => {
    lift();
    change([]);
  };

  const onPointer = (event) => {
    if (!event.isPrimary) return; // another finger
    if (event.type !== "pointermove") lift();
    if (event.type === "pointerdown" && !event.button) sheet.setPointerCapture(event.pointerId);
    if (!sheet.hasPointerCapture(event.pointerId)) return;
    const box = sheet.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    draw((events.length ? events : [event]).map(({ clientX, clientY }) =>
      [clientX - box.left, clientY - box.top].map((at) => Math.round((at / box.width) * SHEET))));
  };
  const onKey = (event) => {
    const key = event.key.toLowerCase();
    const [far, travels] = event.shiftKey ? [20, redo] : [5, undo];
    const move = { arrowleft: [-far, 0], arrowright: [far, 0], arrowup: [0, -far], arrowdown: [0, far] }[key];
    if (event.ctrlKey || event.metaKey) {
      if (!"zy".includes(key) || event.target === number) return;
      (key === "y" ? redo : travels)();
    } else if (event.target !== sheet) return;
    else if (move) {
      place = place.map((at, axis) => Math.min(SHEET, Math.max(0, at + move[axis])));
      if (line) draw([place]);
    } else if (" d".includes(key) && !line) draw([place]);
    else if ([" ", "d", "escape", "enter"].includes(key)) lift();
    else return;
    event.preventDefault();
    status.say(`Pen ${line ? "down" : "up"}, ${place.join(" across, ")} down`);
    paint();
  };

  const status = statusLine(model, { asks: true });
  const [drawn, pen] = [h("canvas", { class: "kd-ink" }), h("span")];
  const sheet = h("div", {
    class: "kd-sheet", tabindex: 0, role: "application", "aria-label": get("_keys"),
    onpointerdown: onPointer, onpointermove: onPointer, onlostpointercapture: onPointer, onblur: lift,
  }, drawn, pen);
  const seen = h("canvas", { class: "kd-ink", role: "img", "aria-label": "The framed image" });
  const bars = h("div", { class: "kd-answer" });
  const [slider, number] = ["range", "number"].map((type) => h("input", {
    type, min: 4, max: 60, required: true, "aria-label": "Pen width",
    onchange: ({ target }) => target.reportValidity() && tell(model, { width: target.valueAsNumber }),
  }));
  const root = widget("kd-drawing-pad", "Drawing pad",
    h("div", { class: "kd-columns" }, sheet,
      h("div", { class: "kd-eye" }, h("b", {}, "What the model sees"), seen,
        h("p", { class: "kd-muted" }, get("_framing"))),
      bars),
    bar(h("button", { onclick: undo }, "Undo"),
      h("button", { onclick: redo }, "Redo"), h("button", { onclick: clear }, "Clear"),
      labelled("Pen width", slider), number),
    status.element);

  root.addEventListener("keydown", onKey);

  const paint = oncePerFrame(() => {
    const ink = drawStrokes(get("strokes"));
    const grey = (value) => value * 255;
    drawInk(drawn, SHEET, ink.flat().map(grey));
    drawInk(seen, SIZE, frameDigit(ink).map(grey));
    pen.classList.toggle("kd-down", line);
    sheet.dataset.kdStrokes = get("strokes").length;
    [pen.style.left, pen.style.top] = place.map((at) => `${at}px`);
    slider.value = number.value = get("width");
    bars.hidden ||= !get("strokes").length;
  });
  const onAnswer = () => {
    const row = [...arrayFrom(model, "_row", Float32Array)];
    if (row.length && get("strokes").length !== get("_answered")) return; // asked since
    bars.hidden = !row.length;
    fill(bars, [barChart([""], get("_names"), [row])]);
  };
  return mount(model, el, root, [lift, status.stop, paint.cancel], {
    "strokes width": paint, "_row _answered": onAnswer, _said: () => status.say(get("_said")),
  });
}

export default { render: renderDrawingPad };
