// Keeps a page of turnup as it is by now, without taking away what a person chose, typed or is looking at.
//
// The page itself is fetched again every few seconds. Where a piece's version differs, the new one takes its place:
// `data-part` one piece, `data-list` a list whose children have a `data-key`. After each change the event `turnup:updated`
// is sent to the document.
(() => {
  "use strict";
  const SECONDS = document.querySelector("main[data-rack]") ? 3 : 8;

  // ---- choosing -------------------------------------------------------------------------------------------------

  const boxes = () => [...document.querySelectorAll('input[name="server"]')];

  function showChosen() {
    const all = boxes();
    const chosen = all.filter((box) => box.checked);
    const names = new Set(chosen.map((box) => box.value));
    for (const box of all) box.closest(".server").classList.toggle("chosen", box.checked);
    for (const drawn of document.querySelectorAll(".box")) drawn.classList.toggle("chosen", names.has(drawn.dataset.name));
    const text = document.querySelector("[data-chosen]");
    if (text) text.textContent = chosen.length ? `${chosen.length} of ${all.length} chosen` : "none chosen";
    const every = document.querySelector('input[name="all"]');
    if (every) {
      every.checked = all.length > 0 && chosen.length === all.length;
      every.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.name === "all") for (const box of boxes()) box.checked = event.target.checked;
    if (["all", "server"].includes(event.target.name)) showChosen();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (!button) return;
    for (const box of boxes()) box.checked = box.value === button.dataset.server;
    showChosen();
    document.querySelector(`.toolbar [data-action="${button.dataset.choose}"]`)?.click();
  });

  // ---- finding a rack -------------------------------------------------------------------------------------------

  const find = document.querySelector("form.find");

  function filter() {
    if (!find) return;
    const wanted = find.elements.find.value.trim().toLowerCase();
    const urgent = find.elements.urgent.checked;
    let shown = 0;
    for (const rack of document.querySelectorAll(".rack")) {
      const fits = rack.dataset.key.toLowerCase().includes(wanted) && (!urgent || rack.classList.contains("needs"));
      rack.hidden = !fits;
      shown += fits;
    }
    for (const site of document.querySelectorAll(".site"))
      site.hidden = (wanted || urgent) && !site.querySelector(".rack:not([hidden])");
    find.querySelector("[data-found]").textContent = wanted || urgent ? `${shown} found` : "";
  }

  if (find) {
    find.hidden = false;
    find.addEventListener("input", filter);
    find.addEventListener("submit", (event) => event.preventDefault());
  }

  // ---- times ----------------------------------------------------------------------------------------------------

  let ahead = 0; // how many milliseconds the server's clock is ahead of this one

  function words(seconds, coarse) {
    if (coarse && seconds < 15) return "a few seconds"; // what counts every second draws the eye
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) return `${seconds} s`;
    if (minutes < 60) return `${minutes} min`;
    return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} d`;
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() + ahead - Date.parse(time.dateTime)) / 1000));
      const text = words(seconds, time.dataset.since === "coarse");
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // ---- what is new ----------------------------------------------------------------------------------------------

  const key = (one) => one.dataset.key;

  function place(element) {
    // Where the focus is, so that it can be given back after its piece was replaced.
    const piece = element?.closest?.("[data-key], [data-part]");
    if (!piece) return null;
    const tell = (one) => [one.tagName, one.name, one.value, one.getAttribute("href"), one.dataset.action].join("|");
    return { piece, what: tell(element), tell };
  }

  function replace(old, fresh) {
    const focused = old.contains(document.activeElement) ? place(document.activeElement) : null;
    const chosen = new Set([...old.querySelectorAll('input[name="server"]:checked')].map((box) => box.value));
    const open = [...old.querySelectorAll("details")].map((one) => one.open);
    const mine = document.importNode(fresh, true);
    for (const box of mine.querySelectorAll('input[name="server"]')) box.checked = chosen.has(box.value);
    mine.querySelectorAll("details").forEach((one, at) => (one.open = open[at] ?? one.open));
    old.replaceWith(mine);
    if (!focused) return;
    const found = [...mine.querySelectorAll("a, button, input, pre, summary")].find((one) => focused.tell(one) === focused.what);
    (found ?? mine.querySelector("a, button, input"))?.focus({ preventScroll: true });
  }

  function renewList(old, fresh) {
    const there = new Map([...old.children].map((one) => [key(one), one]));
    let before = null;
    for (const one of fresh.children) {
      const mine = there.get(key(one));
      there.delete(key(one));
      if (mine && mine.dataset.version === one.dataset.version) {
        if (mine.previousElementSibling !== before) old.insertBefore(mine, before ? before.nextSibling : old.firstChild);
        before = mine;
        continue;
      }
      if (mine) replace(mine, one);
      else old.insertBefore(document.importNode(one, true), before ? before.nextSibling : old.firstChild);
      before = [...old.children].find((child) => key(child) === key(one));
    }
    for (const gone of there.values()) gone.remove();
  }

  const timeless = (one) => {
    const copy = one.cloneNode(true);
    for (const time of copy.querySelectorAll("time[data-since]")) time.textContent = "";
    for (const drawn of copy.querySelectorAll(".chosen")) drawn.classList.remove("chosen");
    return copy.innerHTML;
  };

  function renew(page) {
    const lists = document.querySelectorAll("[data-list]");
    const fresh = page.querySelectorAll("[data-list]");
    const sites = (from) => [...from.querySelectorAll("[data-site]")].map((one) => one.dataset.site).join("|");
    if (lists.length !== fresh.length || sites(document) !== sites(page)) return location.reload();
    lists.forEach((list, at) => renewList(list, fresh[at]));
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = page.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
      if (other && timeless(part) !== timeless(other)) replace(part, other);
    }
    filter();
    showChosen();
    tick();
    document.dispatchEvent(new CustomEvent("turnup:updated"));
  }

  // ---- every few seconds, while somebody looks ------------------------------------------------------------------

  let failures = 0;
  let timer = 0;

  function paused(why) {
    const note = document.querySelector("[data-paused]");
    if (!note) return;
    note.hidden = !why;
    note.querySelector("[data-why]").textContent = why;
  }

  async function update() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
      if (answer.status === 401) return paused("please log in again, then reload this page");
      if (!answer.ok && answer.status !== 404) throw new Error(`Airflow answered ${answer.status}`);
      ahead = Date.parse(answer.headers.get("date")) - Date.now() || ahead;
      if (Math.abs(ahead) < 2000) ahead = 0; // the header counts whole seconds
      renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      failures = 0;
      paused("");
    } catch (error) {
      failures += 1;
      paused(error instanceof TypeError ? "Airflow does not answer" : error.message);
    }
    timer = setTimeout(update, SECONDS * 1000 * Math.min(2 ** failures, 16));
  }

  document.addEventListener("visibilitychange", () => !document.hidden && update());
  document.addEventListener("turnup:acted", () => {
    showChosen();
    update(); // it is not for the next turn
  });

  // ---- links out of the frame -----------------------------------------------------------------------------------
  // Airflow shows this page in a frame that may not open or leave anything by itself. A link that the page around it
  // holds may: it is the same link, clicked there.

  function follow(event) {
    const link = event.target.closest?.("a[target]");
    if (!link || window.parent === window || event.button > 1) return;
    const outside = window.parent.document.createElement("a");
    const apart = link.target === "_blank" || event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
    outside.href = link.href;
    if (apart) Object.assign(outside, { target: "_blank", rel: "noopener noreferrer" });
    event.preventDefault();
    window.parent.document.body.append(outside);
    outside.click();
    outside.remove();
  }

  document.addEventListener("click", follow);
  document.addEventListener("auxclick", follow);

  showChosen();
  tick();
  setInterval(tick, 1000);
  timer = setTimeout(update, document.querySelector("[data-reading]") ? 700 : SECONDS * 1000);
})();
