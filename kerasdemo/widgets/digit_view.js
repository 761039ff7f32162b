// DigitView: one image as the model is given it: crisp pixels, and the number behind each.
import {
  arrayFrom, bar, drawInk, h, mount, oncePerFrame, pager, statusLine, tell, toggle, widget,
} from "./common.js";
import { formatValue, imageFacts, movedPlace, shortValue } from "./pure.js";

const SIDE = 336;

function readImages(model) {
  const [count, height, width] = ["_count", "_height", "_width"].map((name) => model.get(name));
  const stored = model.get("_stored");
  const values = arrayFrom(model, "_values", stored === "float32" ? Float32Array : Uint8Array);
  const unit = stored === "uint8/255" ? (value) => Math.fround(value / 255) : (value) => value;
  const size = height * width;
  const image = (index) => Array.from(values.subarray(index * size, (index + 1) * size), unit);
  return { count, height, width, image, whole: /int|bool/.test(model.get("_dtype")) };
}

export function renderDigitView({ model, el }) {
  const images = readImages(model);
  const { height, width } = images;
  const [labels, low, high] = ["_labels", "_low", "_high"].map((name) => model.get(name));
  const write = (value) => formatValue(value, images.whole);
  let cell = Math.floor(height / 2) * width + Math.floor(width / 2);
  let values = [];

  const status = statusLine(model, { quiet: true });
  const canvas = h("canvas", { class: "kd-ink" });
  canvas.style.width = `${(SIDE * width) / Math.max(height, width)}px`;
  const mark = h("div", { class: "kd-cell" });
  const frame = h("div", {
    class: "kd-frame", tabindex: 0, role: "application",
    "aria-label": "Pixels. Arrow keys read the values; Page Up and Page Down change the image.",
  }, canvas, mark);
  const [title, readout] = ["title", "readout"].map((name) => h("p", { class: `kd-${name}` }));
  const facts = h("dl", { class: "kd-facts" });
  const ramp = h("div", { class: "kd-ramp" }, write(low), h("span", { class: "kd-ramp-bar" }), write(high));
  const page = pager(model, "Image", status);
  const numbersButton = toggle(model, "numbers", "Show the numbers");
  const table = h("pre", { class: "kd-numbers", tabindex: 0, "aria-label": "All the numbers" });
  const numbers = h("div", {}, h("p", { class: "kd-muted" }, model.get("_rounding")), table);
  const root = widget("kd-digit-view", "Digit view",
    bar(page.element, status.element),
    h("div", { class: "kd-columns" },
      h("div", {}, frame, ramp),
      h("div", { class: "kd-side" }, title, readout,
        h("p", { class: "kd-heading" }, "The array behind the picture"), facts, numbersButton.element)),
    numbers);

  const draw = oncePerFrame(() => {
    drawInk(canvas, width, values.map((value) => (255 * (value - low)) / (high - low)));
  });
  const onCell = () => {
    const [row, column] = [Math.floor(cell / width), cell % width];
    readout.textContent = `Row ${row}, column ${column}: ${write(values[cell])}`;
    const place = { left: column / width, top: row / height, width: 1 / width, height: 1 / height };
    for (const [side, share] of Object.entries(place)) mark.style[side] = `${share * 100}%`;
  };
  const onNumbers = () => {
    numbersButton.draw();
    numbers.hidden = !model.get("numbers");
    if (numbers.hidden) return;
    const written = values.map((value) => shortValue(value, images.whole));
    const wide = Math.max(...written.map((text) => text.length));
    table.textContent = Array.from({ length: height }, (_, row) => written
      .slice(row * width, (row + 1) * width).map((text) => text.padStart(wide)).join(" ")).join("\n");
  };
  const onIndex = () => {
    const index = model.get("index");
    if (!page.draw()) return;
    values = images.image(index);
    title.textContent = `Image ${index}${labels.length ? `, labelled ${labels[index]}` : ""}`;
    const found = imageFacts(values);
    const odd = found.odd ? `, and ${found.odd} NaN or infinite` : "";
    facts.replaceChildren(...[
      ["Shape of all", model.get("_shape")],
      ["As a batch for a model", model.get("_batch_shape")],
      ["Type of a value", model.get("_dtype")],
      ["Range of this image", `${write(found.low)} to ${write(found.high)}${odd}`],
      ["Values that are not 0", `${found.ink} of ${values.length}`],
    ].flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    onNumbers();
    onCell();
    draw();
  };

  frame.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    cell = at((event.clientY - box.top) / box.height, height) * width
      + at((event.clientX - box.left) / box.width, width);
    onCell();
  });
  frame.addEventListener("keydown", (event) => {
    const turn = { PageUp: -1, PageDown: 1 }[event.key];
    const moved = movedPlace(event.key, cell, { columns: width, count: width * height });
    if (!turn && moved === null) return;
    event.preventDefault();
    if (!turn) {
      cell = moved;
      onCell();
      status.say(readout.textContent);
    } else {
      const index = model.get("index") + turn;
      if (index >= 0 && index < images.count) tell(model, { index });
      status.say(`${title.textContent}. ${readout.textContent}`);
    }
  });

  return mount(model, el, root, [status.stop, draw.cancel], { index: onIndex, numbers: onNumbers });
}

export default { render: renderDigitView };
