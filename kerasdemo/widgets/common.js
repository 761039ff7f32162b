// What the widgets share on the page: elements, keys, theme, messages to the kernel, status.

/** An element; text is always text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  if (element.matches("button, input, select, summary, [tabindex]")) {
    // JupyterLab looks at the element that has the focus, not at its parents.
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...children);
  return element;
}

/** Fill an element, keeping what is alike to save time. */
export function fill(element, nodes) {
  const old = [...element.childNodes];
  if (old.length !== nodes.length) element.replaceChildren(...nodes);
  else old.forEach((here, at) => {
    const made = nodes[at];
    if (here.isEqualNode(made)) return;
    if (made.firstChild && here.cloneNode().isEqualNode(made.cloneNode())) fill(here, [...made.childNodes]);
    else here.replaceWith(made);
  });
}

export const bar = (...parts) => h("div", { class: "kd-bar" }, ...parts);

/** All of a widget; `style` is the class that its stylesheet knows. */
export const widget = (style, name, ...parts) =>
  h("div", { class: `kd-root ${style}`, role: "group", "aria-label": name }, ...parts);

/** Not `disabled`: a button that vanishes under the finger loses the focus. */
export const disable = (button, off) => button.setAttribute("aria-disabled", !!off);

/** A label around its control, so that the two belong together without an id. */
export function labelled(text, control) {
  return h("label", { class: "kd-field" }, h("span", { class: "kd-field-name" }, text), control);
}

/** Keep what is typed here from the notebook around us; only Ctrl+S (⌘S) still saves it. */
function shieldKeys(root) {
  const shield = (event) => {
    event.stopPropagation();
    const save = event.type === "keydown" && event.key.toLowerCase() === "s";
    if (!save || !(event.ctrlKey || event.metaKey)) return;
    const again = new KeyboardEvent("keydown", event); // from outside, where the notebook listens
    if (!root.parentElement.dispatchEvent(again)) event.preventDefault();
  };
  for (const type of ["keydown", "keyup", "keypress"]) root.addEventListener(type, shield);
}

/** What the kernel sent as bytes; of many numbers only `count`, from the place `first` on. */
export function arrayFrom(model, name, Type, first = 0, count = Infinity) {
  const { buffer, byteOffset, byteLength } = model.get(name);
  const [start, length] = [first, count].map((number) => number * Type.BYTES_PER_ELEMENT);
  const end = byteOffset + Math.min(start + length, byteLength);
  return new Type(buffer.slice(byteOffset + start, end));
}

/** Change the model now, so that every view moves, and tell the kernel. While one message is under
 * way ipywidgets keeps the next, of several the last, and takes no echo of an older one. */
export function tell(model, state) {
  for (const [name, value] of Object.entries(state)) model.set(name, value);
  try {
    model.save_changes();
  } catch (error) {
    console.warn("kerasdemo:", error); // the kernel has closed this widget
  }
}

export function listen(model, names, draw) {
  const events = names.map((name) => `change:${name}`);
  for (const event of events) model.on(event, draw);
  return () => events.forEach((event) => model.off(event, draw));
}

export function oncePerFrame(draw) {
  let asked = 0;
  const ask = () => {
    asked ||= requestAnimationFrame(() => ((asked = 0), draw()));
  };
  ask.cancel = () => cancelAnimationFrame(asked);
  return ask;
}

function pageIsDark(root) {
  let node = root.parentElement?.closest(".kd-root") ?? root;
  while ((node = node.parentElement)) {
    const colour = getComputedStyle(node).backgroundColor;
    const [red, green, blue, alpha = 1] = /^rgb/.test(colour) ? colour.match(/[\d.]+/g) : [0, 0, 0, 0];
    if (alpha > 0.5) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Follow the theme of the page behind the widget; returns what ends it. */
function followTheme(root) {
  const look = () => (root.dataset.kdTheme = pageIsDark(root) ? "dark" : "light");
  let later = [];
  const soon = () => {
    later.forEach(clearTimeout);
    later = [0, 200, 1000, 4000].map((wait) => setTimeout(look, wait)); // its style may come late
  };
  const page = new MutationObserver(soon);
  for (const node of [document.documentElement, document.body]) page.observe(node, { attributes: true });
  const placed = new ResizeObserver(look); // built before it is on the page, it knows no colours
  placed.observe(root);
  look();
  return () => {
    root.remove(); // ipywidgets holds on to the element around it, also when the widget is closed
    [page, placed].forEach((observer) => observer.disconnect());
    later.forEach(clearTimeout);
  };
}

/** Put a widget on the page. `hears` has what to do now, and when one of the named traits changes.
 * Returns what ends it, with `stops`. */
export function mount(model, el, root, stops, hears) {
  shieldKeys(root);
  el.append(root);
  const ends = [...stops, followTheme(root)];
  for (const [names, hear] of Object.entries(hears)) {
    ends.push(listen(model, names.split(" "), hear));
    hear();
  }
  return () => ends.forEach((end) => end());
}

/** The line that says what happened, and what went wrong here or in the kernel. A quiet one speaks
 * to screen readers only, where the page shows the same words elsewhere. One that `asks` says why no
 * Python answers: `model.still`. */
export function statusLine(model, { quiet, asks } = {}) {
  const words = h("span", { class: quiet ? "kd-unseen" : "kd-status-words" });
  const trouble = h("span", { class: "kd-trouble" });
  const still = h("span", { class: "kd-muted" }, (asks && model.still) || "");
  const element = h("div", { class: "kd-status", role: "status" }, words, trouble, still);
  let [gone, complaint] = ["", ""];
  const show = () => {
    const error = model.get("_error");
    trouble.textContent = gone || complaint || (error && `Error in the kernel: ${error}`);
  };
  const lose = () => ((gone = "The kernel that made this is gone. Run the cell again."), show());
  model.on("comm_live_update", lose);
  const stop = listen(model, ["_error"], show);
  show();
  return {
    element,
    say: (text) => (words.textContent = text),
    complain: (text) => ((complaint = text), show()),
    stop: () => (stop(), model.off("comm_live_update", lose)),
  };
}

/** Hand what is typed to `take`; what it returns is what is wrong, said until it is mended. */
export function typed(input, status, take) {
  input.addEventListener("change", () => {
    const wrong = take(input.value) || "";
    input.setAttribute("aria-invalid", wrong !== "");
    status.complain(wrong);
  });
}

/** Previous, a number to type, next: moves the model's `index` over its `_count` things called
 * `name`. `draw` returns whether the index is there. */
export function pager(model, name, status) {
  const last = () => model.get("_count") - 1;
  const wrong = (index) => {
    if (Number.isInteger(index) && index >= 0 && index <= last()) return "";
    const odd = Number.isNaN(index) ? "T" : `There is no ${name.toLowerCase()} ${index}; t`;
    return `${odd}ype 0 to ${last()}.`;
  };
  const go = (index) => wrong(index) || tell(model, { index });
  const step = (text, by) => h("button", { onclick: () => go(model.get("index") + by) }, text);
  const [previous, next] = [step("‹ Previous", -1), step("Next ›", 1)];
  const number = h("input", { type: "number", class: "kd-number", min: 0 });
  typed(number, status, () => go(number.valueAsNumber));
  const range = h("span", { class: "kd-muted" });
  const element = h("div", { class: "kd-pager", role: "group", "aria-label": `Choose the ${name}` },
    previous, labelled(name, number), range, next);
  const draw = () => {
    const index = model.get("index");
    number.value = index;
    number.removeAttribute("aria-invalid");
    status.complain(wrong(index));
    range.textContent = `0 to ${last()}`;
    element.hidden = last() < 1;
    disable(previous, index <= 0);
    disable(next, index >= last());
    return !wrong(index);
  };
  return { element, draw };
}

/** Show XHTML from the kernel. */
export const showPage = (element, xml) =>
  element.replaceChildren(new DOMParser().parseFromString(xml, "image/svg+xml").documentElement);

export function toggle(model, name, text, [off, on] = [false, true]) {
  const isOn = () => model.get(name) === on;
  const element = h("button", { onclick: () => tell(model, { [name]: isOn() ? off : on }) }, text);
  const draw = () => element.setAttribute("aria-pressed", isOn());
  return { element, draw };
}

/** Draw greys, 0 for paper to 255 for ink, one pixel each; `.kd-ink` enlarges and colours them. */
export function drawInk(canvas, width, greys) {
  const image = new ImageData(width, greys.length / width);
  greys.forEach((grey, at) => (image.data[at * 4 + 3] = grey)); // black, more or less of it
  canvas.width = width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
