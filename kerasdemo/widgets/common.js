// What the widgets share on the page: elements, keys, theme, messages to the kernel, status.

/** An element; text is always text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  if (["button", "input", "select"].includes(tag) || "tabindex" in attributes) {
    // JupyterLab looks at the element that has the focus, not at its parents.
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children);
  return element;
}

/** A label around its control, so that the two belong together without an id. */
export function labelled(text, control) {
  return h("label", { class: "kd-field" }, h("span", { class: "kd-field-name" }, text), control);
}

/** Keep what is typed here from the notebook around us. */
export function shieldKeys(root) {
  for (const type of ["keydown", "keyup", "keypress"]) {
    root.addEventListener(type, (event) => event.stopPropagation());
  }
}

/** The array that arrived as bytes under this name. */
export function arrayFrom(model, name, Type) {
  const bytes = model.get(name);
  const start = bytes.byteOffset;
  return new Type(bytes.buffer.slice(start, start + bytes.byteLength));
}

const senders = new WeakMap();
const telling = new WeakSet();

/** Whether the change that is heard just now was made on the page, not by code in the kernel. */
export const isTold = (model) => telling.has(model);

/** Change the model now, so that every view moves, and tell the kernel once things are quiet. */
export function tell(model, state) {
  telling.add(model);
  for (const [name, value] of Object.entries(state)) model.set(name, value);
  telling.delete(model);
  clearTimeout(senders.get(model));
  senders.set(model, setTimeout(() => flush(model), 60));
}

/** Tell the kernel what still waits; when a view ends, nothing that was chosen is lost. */
export function flush(model) {
  if (!senders.has(model)) return;
  clearTimeout(senders.get(model));
  senders.delete(model);
  try {
    model.save_changes();
  } catch (error) {
    console.warn("kerasdemo: the kernel has closed this widget.", error);
  }
}

/** Call `draw` when one of the names changes; returns what ends it. */
export function listen(model, names, draw) {
  const events = names.map((name) => `change:${name}`);
  for (const event of events) model.on(event, draw);
  return () => events.forEach((event) => model.off(event, draw));
}

/** One call per frame, however often it is asked for. */
export function oncePerFrame(draw) {
  let asked = 0;
  const ask = () => {
    if (!asked) asked = requestAnimationFrame(() => ((asked = 0), draw()));
  };
  ask.cancel = () => cancelAnimationFrame(asked);
  return ask;
}

// ---- theme --------------------------------------------------------------------------------

/** Red, green, blue and alpha of any CSS colour. */
export function rgba(colour) {
  const numbers = /^rgba?\(([^)]+)\)/.exec(colour)?.[1].split(/[\s,/]+/).map(Number);
  if (numbers) return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
  const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim())?.[1];
  if (!hex) return [0, 0, 0, 0];
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)).concat(1);
}

function pageIsDark(element) {
  for (let node = element.parentElement; node; node = node.parentElement) {
    const [red, green, blue, alpha] = rgba(getComputedStyle(node).backgroundColor);
    if (alpha > 0.5) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Follow the theme of the page behind the widget; returns what ends it. */
export function followTheme(root, redraw) {
  const look = () => {
    const theme = pageIsDark(root) ? "dark" : "light";
    if (root.dataset.kdTheme === theme) return;
    root.dataset.kdTheme = theme;
    redraw();
  };
  let later = [];
  const soon = () => {
    look();
    later.forEach(clearTimeout);
    later = [200, 1000, 4000].map((wait) => setTimeout(look, wait)); // its style may come late
  };
  const observer = new MutationObserver(soon);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", soon);
  // A widget may be built before it is on the page, where its colours are not known yet; it gets
  // its size when it is put there, and when its style comes.
  const placed = new ResizeObserver(() => (look(), redraw()));
  placed.observe(root);
  look();
  return () => {
    observer.disconnect();
    placed.disconnect();
    media.removeEventListener("change", soon);
    later.forEach(clearTimeout);
  };
}

// ---- pieces -------------------------------------------------------------------------------

/** The line that says in words what happened, and what went wrong in the kernel. A quiet one
 * speaks to screen readers only, where the page shows the same words elsewhere. */
export function statusLine(model, { quiet = false } = {}) {
  const words = h("span", { class: quiet ? "kd-unseen" : "kd-status-words" });
  const trouble = h("span", { class: "kd-trouble" });
  const element = h("div", { class: "kd-status", role: "status", "aria-live": "polite" });
  element.append(words, trouble);
  const show = () => {
    const error = model.get("_error");
    trouble.textContent = error ? `Error in the kernel: ${error}` : "";
  };
  show();
  return {
    element,
    say: (text) => (words.textContent = text),
    complain: (text) => (trouble.textContent = text),
    stop: listen(model, ["_error"], show),
  };
}

/** Previous, a number to type, next. `name` says what is counted; moves the model's `index`. */
export function pager(model, name, count) {
  const go = (index) => {
    if (Number.isInteger(index) && index >= 0 && index < count) tell(model, { index });
    else draw();
  };
  const step = (by) => () => go(model.get("index") + by);
  const previous = h("button", { type: "button", onclick: step(-1) }, "‹ Previous");
  const next = h("button", { type: "button", onclick: step(1) }, "Next ›");
  const number = h("input", { type: "number", class: "kd-number", min: 0, max: count - 1 });
  number.addEventListener("change", () => go(number.valueAsNumber));
  const total = h("span", { class: "kd-muted" }, `0 to ${count - 1}`);
  const draw = () => {
    const index = model.get("index");
    number.value = index;
    // Not `disabled`: a button that vanishes under the finger loses the focus.
    previous.setAttribute("aria-disabled", String(index <= 0));
    next.setAttribute("aria-disabled", String(index >= count - 1));
  };
  const element = h("div", { class: "kd-pager", role: "group", "aria-label": `Choose the ${name}` });
  element.append(previous, labelled(name, number), total, next);
  element.hidden = count < 2;
  return { element, draw };
}

/** A button that is on or off, and says so. */
export function toggle(model, name, text, values = [false, true]) {
  const button = h("button", { type: "button", "aria-pressed": "false" }, text);
  button.addEventListener("click", () => {
    tell(model, { [name]: model.get(name) === values[1] ? values[0] : values[1] });
  });
  const draw = () => button.setAttribute("aria-pressed", String(model.get(name) === values[1]));
  draw();
  return { element: button, draw };
}

/** Names and values in two aligned columns. */
export function factList(pairs) {
  const list = h("dl", { class: "kd-facts" });
  for (const [name, value] of pairs) list.append(h("dt", {}, name), h("dd", {}, value));
  return list;
}

// ---- pixels -------------------------------------------------------------------------------

/** The 256 colours from paper to ink, as the theme has them; null before the page has any. */
export function inkColours(root) {
  const style = getComputedStyle(root);
  if (!style.getPropertyValue("--kd-ink")) return null;
  const [paper, ink] = ["--kd-paper", "--kd-ink"].map((name) => rgba(style.getPropertyValue(name)));
  const colours = new Uint8ClampedArray(1024);
  for (let grey = 0; grey < 256; grey += 1) {
    const share = grey / 255;
    for (let c = 0; c < 3; c += 1) colours[grey * 4 + c] = paper[c] + (ink[c] - paper[c]) * share;
    colours[grey * 4 + 3] = 255;
  }
  return colours;
}

/** A canvas as wide and high as asked, sharp on any screen, with a context in CSS pixels. */
export function sharpContext(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, width, height);
  return context;
}
