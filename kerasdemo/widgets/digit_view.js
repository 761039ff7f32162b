// DigitView: one image as the model is given it: crisp pixels, and the number behind each.
import {
  arrayFrom, factList, flush, followTheme, h, inkColours, listen, oncePerFrame, pager,
  sharpContext, shieldKeys, statusLine, tell, toggle,
} from "./common.js";
import { formatValue, imageFacts, movedCell, shortValue } from "./pure.js";

const SIDE = 336;

/** What the kernel sent once: the values, in the smallest type that loses nothing. */
export function readImages(model) {
  const [count, height, width] = ["_count", "_height", "_width"].map((name) => model.get(name));
  const stored = model.get("_stored");
  const values = arrayFrom(model, "_values", stored === "float32" ? Float32Array : Uint8Array);
  const unit = stored === "uint8/255" ? (value) => Math.fround(value / 255) : (value) => value;
  const size = height * width;
  const image = (index) => Array.from(values.subarray(index * size, (index + 1) * size), unit);
  return { count, height, width, image, whole: model.get("_dtype").match(/int|bool/) !== null };
}

function drawImage(root, canvas, { values, height, width, low, high, cell, focused }) {
  const colours = inkColours(root);
  if (!colours) return;
  const side = SIDE / Math.max(height, width);
  const context = sharpContext(canvas, Math.round(side * width), Math.round(side * height));
  for (let place = 0; place < values.length; place += 1) {
    const share = (values[place] - low) / (high - low);
    const grey = Math.round(255 * Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)));
    const [x, y] = [place % width, Math.floor(place / width)].map((at) => Math.round(at * side));
    const [red, green, blue] = colours.subarray(grey * 4);
    context.fillStyle = `rgb(${red},${green},${blue})`;
    context.fillRect(x, y, Math.ceil(side), Math.ceil(side));
  }
  const style = getComputedStyle(root);
  for (const [token, wide] of [["--kd-bg", 6], ["--kd-accent", focused ? 4 : 2]]) {
    context.strokeStyle = style.getPropertyValue(token); // seen on paper and on ink
    context.lineWidth = wide;
    context.strokeRect(cell.column * side, cell.row * side, side, side);
  }
}

export function renderDigitView({ model, el }) {
  const images = readImages(model);
  const labels = model.get("_labels");
  let cell = { row: Math.floor(images.height / 2), column: Math.floor(images.width / 2) };
  let values = [];

  const status = statusLine(model, { quiet: true });
  const canvas = h("canvas", {
    class: "kd-pixels", tabindex: 0, role: "application",
    "aria-label": "Pixels. Arrow keys read the values; Page Up and Page Down change the image.",
  });
  const title = h("p", { class: "kd-title" });
  const readout = h("p", { class: "kd-readout" });
  const facts = h("div", {});
  const paper = h("span", {}, formatValue(model.get("_low"), images.whole));
  const ink = h("span", {}, formatValue(model.get("_high"), images.whole));
  const ramp = h("div", { class: "kd-ramp" }, paper, h("span", { class: "kd-ramp-bar" }), ink);
  const page = pager(model, "Image", images.count);
  const numbersButton = toggle(model, "numbers", "Show the numbers");
  const numbers = h("pre", { class: "kd-numbers", tabindex: 0, "aria-label": "The numbers of the image" });
  const root = h("div", { class: "kd-root kd-digit-view", role: "group", "aria-label": "Digit view" },
    page.element,
    h("div", { class: "kd-columns" },
      h("div", { class: "kd-picture" }, canvas, ramp),
      h("div", { class: "kd-side" }, title, readout,
        h("p", { class: "kd-heading" }, "What the model is given"), facts, numbersButton.element)),
    numbers, status.element);
  shieldKeys(root);
  el.append(root);

  const words = () => {
    const value = formatValue(values[cell.row * images.width + cell.column], images.whole);
    return `Row ${cell.row}, column ${cell.column}: ${value}`;
  };
  const draw = oncePerFrame(() => drawImage(root, canvas, {
    ...images, values, cell, low: model.get("_low"), high: model.get("_high"),
    focused: document.activeElement === canvas,
  }));
  const onCell = () => {
    readout.textContent = words();
    draw();
  };
  const onNumbers = () => {
    numbersButton.draw();
    numbers.hidden = !model.get("numbers");
    if (numbers.hidden) return;
    const written = values.map((value) => shortValue(value, images.whole));
    const wide = Math.max(...written.map((text) => text.length));
    const lines = Array.from({ length: images.height }, (_, row) => written
      .slice(row * images.width, (row + 1) * images.width)
      .map((text) => text.padStart(wide)).join(" "));
    numbers.textContent = lines.join("\n");
  };
  const onIndex = () => {
    const index = model.get("index");
    page.draw();
    if (!(index >= 0 && index < images.count)) {
      status.complain(`There is no image ${index}; the images are 0 to ${images.count - 1}.`);
      return;
    }
    status.complain("");
    values = images.image(index);
    const label = labels.length ? `labelled ${labels[index]}` : "";
    title.textContent = [`Image ${index}`, label].filter(Boolean).join(", ");
    const found = imageFacts(values);
    const range = `${formatValue(found.low, images.whole)} to ${formatValue(found.high, images.whole)}`;
    const odd = found.odd ? `, and ${found.odd} NaN or infinite` : "";
    facts.replaceChildren(factList([
      ["Shape of all", model.get("_shape")],
      ["This image as a batch", model.get("_batch_shape")],
      ["Type of a value", model.get("_dtype")],
      ["Range of this image", `${range}${odd}`],
      ["Values that are not 0", `${found.ink} of ${values.length}`],
    ]));
    onNumbers();
    onCell();
  };

  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    cell = {
      row: at((event.clientY - box.top) / box.height, images.height),
      column: at((event.clientX - box.left) / box.width, images.width),
    };
    onCell();
  });
  canvas.addEventListener("keydown", (event) => {
    const turn = { PageUp: -1, PageDown: 1 }[event.key];
    const moved = movedCell(event.key, cell, images);
    if (turn === undefined && !moved) return;
    event.preventDefault();
    if (moved) {
      cell = moved;
      onCell();
      status.say(words());
    } else {
      const index = model.get("index") + turn;
      if (index >= 0 && index < images.count) tell(model, { index });
      status.say(`${title.textContent}. ${words()}`);
    }
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);

  const stops = [
    () => flush(model),
    status.stop,
    followTheme(root, draw),
    listen(model, ["index"], onIndex),
    listen(model, ["numbers"], onNumbers),
    draw.cancel,
  ];
  onIndex();
  return () => stops.forEach((stop) => stop());
}

export default { render: renderDigitView };
