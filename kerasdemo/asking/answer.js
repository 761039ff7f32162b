// The live form of a question: its text, native controls for the answer, and what is said to it.
// The page judges and replies by itself (judging.js stands before this in one module), so it works
// without a kernel; a kernel is told what was answered. All markup is HTML that Python has escaped.
// JupyterLab and Notebook take keys (b, x, dd) from any element but one that carries
// data-lm-suppress-shortcuts itself.

const MOVES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"];

function made(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
}

/** A control whose keys are its own; only Ctrl+S (⌘S) still saves the notebook. */
function control(tag, attributes, ...children) {
  const element = made(tag, { ...attributes, "data-lm-suppress-shortcuts": "true" }, ...children);
  for (const type of ["keydown", "keypress", "keyup"]) {
    element.addEventListener(type, (event) => {
      event.stopPropagation();
      const save = type === "keydown" && event.key.toLowerCase() === "s";
      if (!save || !(event.ctrlKey || event.metaKey)) return;
      const around = element.closest(".kd-answer").parentElement;
      if (!around.dispatchEvent(new KeyboardEvent("keydown", event))) event.preventDefault();
    });
  }
  return element;
}

const optionsOf = (options) => options.map(([letter, text]) => new Option(text, letter));

/** Tell every view and the kernel, where there is one. */
function tell(model, state) {
  for (const [name, value] of Object.entries(state)) model.set(name, value);
  try {
    model.save_changes();
  } catch (error) {
    console.warn("kerasdemo:", error); // no kernel: what was answered stays on the page
  }
}

/** A labelled menu of lettered choices. */
function choosing(model, form) {
  const keys = made("span", { class: "kd-answer-keys", text: "Arrows move, Enter answers." });
  keys.id = `kd-keys-${Math.random()}`;
  keys.setAttribute("aria-hidden", "true"); // no part of the name, but the description
  const select = control("select", { "aria-describedby": keys.id }, ...optionsOf(form.options));
  const name = made("span", { text: form.label });
  const element = made("label", { class: "kd-answer-line" }, name, select, keys);

  const draw = () => (select.value = model.get("answer"));
  const waits = () => select.value !== model.get("answer");
  const answer = () => waits() && tell(model, { answer: select.value });
  // On a closed menu an arrow changes the value at once; the choice it passes is not an answer yet.
  // Where an arrow opens the menu instead, the choice made there comes later, and is one.
  let moving = 0;
  select.addEventListener("keydown", (event) => {
    clearTimeout(moving);
    moving = MOVES.includes(event.key) ? setTimeout(() => (moving = 0), 50) : 0;
    if (event.key === "Escape") draw();
    if (!waits() || !["Enter", " "].includes(event.key)) return;
    event.preventDefault(); // Space would open the menu
    answer();
  });
  select.addEventListener("keyup", (event) => {
    // A letter that the arrows had reached already changes nothing, and is meant all the same.
    if (select.value && event.key.toUpperCase() === select.value) answer();
  });
  select.addEventListener("change", () => moving || answer());
  select.addEventListener("blur", () => {
    if (document.activeElement !== select) answer(); // else only the window lost the focus
  });
  return { element, draw };
}

/** A labelled field for a number or a word or two, and a button; Enter answers, too. */
function typing(model, form, complain) {
  const input = control("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  if (form.form === "number") input.setAttribute("inputmode", "decimal");
  const button = control("button", { type: "button", text: "Answer" });
  const unit = form.unit ? [made("span", { text: form.unit })] : [];
  const label = made("label", {}, made("span", { text: form.label }), input, ...unit);
  const element = made("div", { class: "kd-answer-line" }, label, button);
  const answer = () => {
    const typed = input.value;
    const read = form.form === "number" ? readNumber(typed, form.unit) : plainText(typed) && typed.trim();
    input.setAttribute("aria-invalid", !read);
    if (!read) return complain(form.wish);
    tell(model, { answer: read, _typed: typed });
    complain("");
  };
  button.addEventListener("click", answer);
  input.addEventListener("input", () => model.set("_typed", input.value)); // for another view
  input.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && answer());
  const draw = () => {
    if (document.activeElement !== input) input.value = model.get("_typed");
  };
  return { element, draw };
}

/** A labelled menu of the lines for each place, and a button; Enter answers, too. */
function ordering(model, form, complain) {
  const selects = form.places.map(() => control("select", {}, ...optionsOf(form.options)));
  const button = control("button", { type: "button", text: "Answer" });
  const rows = selects.map((select, at) =>
    made("label", {}, made("span", { text: form.places[at] }), select));
  const legend = made("legend", { text: form.label });
  const element = made("fieldset", { class: "kd-answer-order" }, legend, ...rows, button);
  const answer = () => {
    const letters = selects.map((select) => select.value);
    const empty = form.places.filter((_, at) => !letters[at]);
    const twice = letters.filter((letter, at) => letter && letters.indexOf(letter) !== at);
    selects.forEach((select, at) =>
      select.setAttribute("aria-invalid", !letters[at] || twice.includes(letters[at])));
    if (twice.length) return complain(`${twice[0]} stands there twice. Each line has one place.`);
    if (empty.length) return complain(`Still empty: ${empty.join(", ").toLowerCase()}.`);
    tell(model, { answer: letters.join(""), _typed: letters.join("") });
    complain("");
  };
  button.addEventListener("click", answer);
  for (const select of selects) {
    select.addEventListener("change", () => {
      model.set("_typed", selects.map(({ value }) => value || "-").join(""));
    });
    select.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      answer();
    });
  }
  const draw = () =>
    selects.forEach((select, at) => (select.value = model.get("_typed")[at]?.replace("-", "") ?? ""));
  return { element, draw };
}

function render({ model, el }) {
  const form = model.get("_form");
  const head = made("div");
  head.innerHTML = model.get("_head");
  const said = made("div", { role: "status" });
  let complaint = "";
  const reply = () => {
    const answer = model.get("answer");
    said.innerHTML = answer ? (form.replies[caseOf(form.known, answer)] ?? form.replies.any) : "";
    for (const place of said.querySelectorAll(".kd-given")) place.textContent = answer;
    if (complaint) said.replaceChildren(made("p", { class: "kd-answer-wish", text: complaint }));
  };
  const complain = (words) => ((complaint = words), reply());
  const kinds = { choice: choosing, number: typing, text: typing, order: ordering };
  const { element, draw } = kinds[form.form](model, form, complain);
  const hear = () => ((complaint = ""), draw(), reply());
  model.on("change:answer", hear);
  model.on("change:_typed", draw);
  draw();
  reply();
  el.append(made("div", { class: "kd-answer" }, head, element, said));
  return () => {
    model.off("change:answer", hear);
    model.off("change:_typed", draw);
  };
}

export default { render };
