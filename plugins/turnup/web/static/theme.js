// Light or dark as Airflow is: its page around this one says so, or what it keeps in this browser, or the system.
// Runs before anything is drawn.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const framed = window.parent !== window;
  let airflow = null;
  try {
    airflow = framed ? window.parent.document.documentElement : null;
  } catch {
    // another origin's frame: not ours to read
  }

  function theme() {
    for (const name of ["dark", "light"]) if (airflow?.classList.contains(name)) return name;
    const kept = localStorage.getItem("theme");
    return kept === "dark" || kept === "light" ? kept : system.matches ? "dark" : "light";
  }

  function apply() {
    root.dataset.theme = theme();
  }

  root.classList.toggle("framed", framed);
  root.classList.add("script");
  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === "theme" && apply());
  if (airflow) new MutationObserver(apply).observe(airflow, { attributes: true, attributeFilter: ["class"] });
})();
