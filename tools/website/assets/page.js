// What makes a page handier, and what it can do without: theme, copying, keys for what scrolls.
(() => {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const root = document.documentElement;

  const theme = make("button", { type: "button", className: "theme" });
  const name = () => {
    theme.textContent = kdTheme.current() === "dark" ? "Light page" : "Dark page";
  };
  theme.addEventListener("click", () => {
    kdTheme.choose(kdTheme.current() === "dark" ? "light" : "dark");
  });
  root.addEventListener("kd-theme", name);
  name();
  document.querySelector(".top").append(theme);

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", { value: text });
      document.body.append(field);
      field.select();
      document.execCommand("copy"); // where there is no clipboard, as on some pages from a file
      field.remove();
    }
  }
  for (const code of document.querySelectorAll(".code")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      await copy(code.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    code.append(button);
  }

  // Only what is wider than the page takes the focus, so that the arrows can scroll it.
  const look = (box) => {
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide === box.hasAttribute("tabindex")) return;
    box.toggleAttribute("tabindex", wide);
    if (wide) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.matches(".highlight") ? "Code" : "Output");
    } else {
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
    }
  };
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));
  for (const table of document.querySelectorAll(".words table")) {
    const box = make("div", { className: "wide" });
    table.replaceWith(box);
    box.append(table);
  }
  document.querySelectorAll("pre, .rich, .wide").forEach((box) => sizes.observe(box));

  const contents = document.querySelector(".contents details");
  const narrow = matchMedia("(max-width: 71.99rem)");
  const fold = () => contents && (contents.open = !narrow.matches);
  narrow.addEventListener("change", fold);
  fold();
})();
