// Light or dark, before anything is drawn: the reader's choice, else the system's.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("kd-theme");
  } catch {
    // A browser may refuse storage; then the choice lasts as long as the page.
  }
  const apply = () => {
    root.dataset.theme = chosen ?? (system.matches ? "dark" : "light");
    root.dispatchEvent(new Event("kd-theme"));
  };
  system.addEventListener("change", apply);
  apply();
  self.kdTheme = {
    current: () => root.dataset.theme,
    choose: (theme) => {
      chosen = theme;
      try {
        localStorage.setItem("kd-theme", theme);
      } catch {
        // as above
      }
      apply();
    },
  };
})();
