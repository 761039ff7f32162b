// The live form of a question: its text, a labelled native menu, and what is said to a choice.
// The text is HTML that Python has escaped. JupyterLab and Notebook take keys (b, x, dd) from any
// element but one that carries data-lm-suppress-shortcuts itself.

const MOVES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
const KEYS = "Arrows move, Enter answers.";

function render({ model, el }) {
  const head = document.createElement("div");
  head.innerHTML = model.get("_head");

  const select = document.createElement("select");
  select.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [letter, text] of model.get("_options")) {
    select.add(new Option(text, letter));
  }
  const label = document.createElement("label");
  label.className = "kd-menu";
  const name = document.createElement("span");
  name.textContent = model.get("_label");
  const keys = document.createElement("span");
  keys.className = "kd-menu-keys";
  keys.id = `kd-keys-${Math.random()}`;
  keys.textContent = KEYS;
  keys.setAttribute("aria-hidden", "true"); // no part of the name, but the description
  select.setAttribute("aria-describedby", keys.id);
  label.append(name, select, keys);

  const said = document.createElement("div");
  said.setAttribute("role", "status");

  const showChoice = () => {
    select.value = model.get("choice");
  };
  const showSaid = () => {
    said.innerHTML = model.get("_said");
  };
  const waits = () => select.value !== model.get("choice");
  const answer = () => {
    if (!waits()) return;
    model.set("choice", select.value);
    model.save_changes();
  };
  // On a closed menu an arrow changes the value at once; the choice it passes is not an answer yet.
  // Where an arrow opens the menu instead, the choice made there comes later, and is one.
  let moving = 0;
  select.addEventListener("keydown", (event) => {
    clearTimeout(moving);
    moving = MOVES.includes(event.key) ? setTimeout(() => (moving = 0), 50) : 0;
    if (event.key === "Escape") showChoice();
    if (!waits() || !["Enter", " "].includes(event.key)) return;
    event.preventDefault(); // Space would open the menu
    answer();
  });
  select.addEventListener("keyup", (event) => {
    // A letter that the arrows had reached already changes nothing, and is meant all the same.
    if (select.value && event.key.toUpperCase() === select.value) answer();
  });
  select.addEventListener("change", () => {
    if (!moving) answer();
  });
  select.addEventListener("blur", () => {
    if (document.activeElement !== select) answer(); // else only the window lost the focus
  });
  for (const type of ["keydown", "keypress", "keyup"]) {
    select.addEventListener(type, (event) => event.stopPropagation());
  }
  model.on("change:choice", showChoice);
  model.on("change:_said", showSaid);
  showChoice();
  showSaid();
  el.append(head, label, said);
  return () => {
    model.off("change:choice", showChoice);
    model.off("change:_said", showSaid);
  };
}

export default { render };
