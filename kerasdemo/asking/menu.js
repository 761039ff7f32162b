// The live form of a question: its text, a labelled native menu, and what is said to a choice.
// The text is HTML that Python has escaped. JupyterLab and Notebook take keys (b, x, dd) from any
// element but one that carries data-lm-suppress-shortcuts itself.
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
  label.append(name, select);

  const said = document.createElement("div");
  said.setAttribute("role", "status");

  const showChoice = () => {
    select.value = model.get("choice");
  };
  const showSaid = () => {
    said.innerHTML = model.get("_said");
  };
  select.addEventListener("change", () => {
    model.set("choice", select.value);
    model.save_changes();
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
