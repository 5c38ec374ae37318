// The dialog in which something is started: first what it would do, then the button that does it.
// The page around it is replaced again and again, so nothing of it is kept but what was chosen when the dialog opened.
"use strict";

(() => {
  const API = new URL("../api/", document.currentScript.src);
  const AIRFLOW = new URL("../../", document.currentScript.src);
  const style = new URL("actions.css", document.currentScript.src);
  style.search = new URL(document.currentScript.src).search; // its version
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: style }));
  const FREE = ["dry_run", "reason"]; // fields that change nothing about the plan
  const ACTIONS = {
    install: { dag: "server_install", title: "Install", show: "Show the plan", go: "Install", whole: true },
    decommission: { dag: "server_decommission", title: "Decommission", show: "Show what would be destroyed", go: "Ask for the decommission", danger: true },
    abort: { title: "Abort", go: "Abort", danger: true },
    resume: { title: "Resume", go: "Resume" },
  };

  const dialog = document.getElementById("act");
  const form = dialog.querySelector("form");
  const part = (selector) => dialog.querySelector(selector);
  const [who, choose, whole, plan, message, done] =
    [".act-who", ".act-choose", "[data-act-whole]", ".act-plan", ".act-message", ".act-done"].map(part);
  const [show, go, cancel] = ["[data-act-show]", ".act-go", ".act-cancel"].map(part);
  let last = ""; // what was typed stays for the same action, also when the dialog was closed
  let now = null; // what the dialog is open for: {action, servers, key, shown, shownFor, asking, starting, finished, ...}

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (!button || !ACTIONS[button.dataset.action] || button.disabled) return;
    event.preventDefault();
    open(button.dataset.action, button);
  });

  function open(action, button) {
    const main = document.querySelector("main[data-site]");
    const boxes = [...document.querySelectorAll('input[type="checkbox"][name="server"]')];
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    now = {
      action, site: main.dataset.site, rack: main.dataset.rack, key: newKey(), shown: null, shownFor: "", asking: null, starting: false, finished: false,
      servers: action === "resume" ? [button.dataset.server] : chosen, all: boxes.map((box) => box.value),
      task: { dag_id: button.dataset.dag, run_id: button.dataset.run, task_id: button.dataset.task, map_index: Number(button.dataset.index) },
    };
    const kind = ACTIONS[action];
    if (action !== last) form.reset();
    last = action;
    part("#act-title").textContent = kind.title;
    for (const fields of form.querySelectorAll("fieldset")) {
      fields.hidden = fields.disabled = !fields.dataset.actOf.split(" ").includes(action);
    }
    plan.hidden = true;
    plan.replaceChildren();
    show.textContent = kind.show || "";
    go.classList.toggle("act-danger", Boolean(kind.danger));
    cancel.textContent = "Cancel";
    tell("");
    done.hidden = true;
    name();
    dialog.showModal();
    if (action === "install") look();
    (form.querySelector("fieldset:not([hidden]) :is(select, textarea)") || go).focus();
  }

  function name() {
    const { action, servers, rack, site, all } = now;
    const kind = ACTIONS[action];
    if (action === "resume") who.textContent = `${servers[0]}: its task ${now.task.task_id} is done again, and what follows it. Mend the cause first.`;
    else if (servers.length) who.textContent = `${servers.length} of rack ${rack}, site ${site}: ${servers.join(", ")}`;
    else if (kind.whole) who.textContent = `Every server of rack ${rack}, site ${site}, that may be installed.`;
    else who.textContent = "No server is chosen, and that never means all of them. Choose servers in the rack, or:";
    choose.hidden = servers.length > 0 || Boolean(kind.whole) || !all.length;
    whole.textContent = `All ${all.length} of rack ${rack}`;
    refresh();
  }

  whole.addEventListener("click", () => {
    now.servers = now.all;
    name();
  });

  function params() {
    const found = {};
    for (const field of form.querySelectorAll("fieldset:not([hidden]) [name]")) {
      found[field.name] = field.type === "checkbox" ? field.checked : field.value.trim();
    }
    return found;
  }

  function wanted() {
    return JSON.stringify([now.servers, Object.entries(params()).filter(([field]) => !FREE.includes(field))]);
  }

  function refresh() {
    go.hidden = now.finished;
    if (now.finished) return void (show.hidden = true);
    const { action, servers, shown, shownFor, asking, starting } = now;
    const kind = ACTIONS[action];
    const dry = params().dry_run;
    const current = !kind.dag || (shown && shown.state === "planned" && shownFor === wanted() && (!shown.hold || dry));
    const named = servers.length > 0 || kind.whole;
    plan.classList.toggle("act-stale", Boolean(shown && shownFor !== wanted()));
    go.textContent = dry ? "Start the dry run" : kind.go;
    go.disabled = Boolean(asking || starting || !current || !named);
    show.hidden = !kind.show || Boolean(current);
    show.disabled = Boolean(asking || starting || !named);
  }

  form.addEventListener("input", refresh);
  form.addEventListener("change", (event) => {
    if (now.shown && !now.starting && !FREE.includes(event.target.name)) look();
    else refresh();
  });
  show.addEventListener("click", () => look());

  async function look() {
    if (!filledIn()) return;
    if (now.asking) now.asking.abort();
    const asking = (now.asking = new AbortController());
    const mine = now;
    const asked = wanted();
    tell("Making the plan: NetBox is asked, and nothing is touched.", true);
    refresh();
    try {
      const { status, answer } = await send("plans", order(), asking.signal);
      if (now !== mine || mine.asking !== asking) return;
      if (status === 200) shownNow(answer, asked);
      else tell(answer.detail);
      if (status === 200) tell("");
    } catch (error) {
      if (now === mine && mine.asking === asking) tell(error.message);
    } finally {
      if (mine.asking === asking) mine.asking = null;
      if (now === mine) refresh();
    }
  }

  function shownNow(answer, asked) {
    now.shown = answer;
    now.shownFor = asked;
    plan.innerHTML = answer.html; // made by turnup, every text in it escaped
    plan.hidden = false;
    const profiles = form.elements.burn_in;
    const had = profiles.value;
    profiles.replaceChildren(profiles.options[0], ...answer.burn_in.map((profile) => new Option(profile, profile)));
    profiles.value = answer.burn_in.includes(had) ? had : "";
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  go.addEventListener("click", async () => {
    if (go.disabled || go.hidden || !filledIn()) return;
    const mine = now;
    const asked = wanted();
    mine.starting = true;
    tell("Starting ...", true);
    refresh();
    try {
      const { status, answer } = await send(...started());
      if (status === 200 || status === 201) finished(answer);
      else tell(answer.detail);
      if (answer.plan) shownNow(answer.plan, asked);
    } catch (error) {
      tell(`${error.message} Press the button again: that starts it once, whatever became of this.`);
    } finally {
      mine.starting = false;
      refresh();
    }
  });

  function order() {
    return { dag_id: ACTIONS[now.action].dag, site: now.site, rack: now.rack, servers: now.servers, params: params() };
  }

  function started() {
    if (now.action === "resume") return ["resume", now.task];
    if (now.action === "abort") return ["abort", { site: now.site, servers: now.servers, reason: params().reason, key: now.key }];
    return ["runs", { ...order(), plan_hash: now.shown.plan_hash, key: now.key }];
  }

  function finished(answer) {
    const link = Object.assign(document.createElement("a"), { href: answer.url, target: "_top", textContent: "Open the run in Airflow" });
    const said = now.action === "resume" ? (answer.paused ? "Its task is cleared." : "It goes on.") : answer.new ? "Started." : "It is started already.";
    tell("");
    const waits = answer.paused ? "Its DAG is paused: it begins when somebody unpauses it. " : "";
    done.replaceChildren(`${said} ${waits}`, link);
    done.hidden = false;
    now.finished = true;
    last = ""; // the form begins anew
    cancel.textContent = "Close";
    for (const fields of form.querySelectorAll("fieldset")) fields.disabled = true;
    for (const box of document.querySelectorAll('input[type="checkbox"][name="server"]:checked')) {
      box.checked = false;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }
    document.dispatchEvent(new CustomEvent("turnup:acted", { detail: answer }));
    link.focus();
  }

  function filledIn() {
    const wrong = [...form.querySelectorAll("fieldset:not([hidden]) [name]")].find((field) => !field.checkValidity());
    if (!wrong) return true;
    tell(`${wrong.name[0].toUpperCase()}${wrong.name.slice(1)}: ${wrong.validationMessage}`);
    wrong.focus();
    return false;
  }

  function tell(text, waiting = false) {
    message.textContent = text;
    message.hidden = !text;
    message.classList.toggle("act-wait", waiting);
  }

  async function send(path, body, signal) {
    for (;;) {
      let response;
      try {
        response = await fetch(new URL(path, API), {
          method: "POST", credentials: "same-origin", signal, body: JSON.stringify(body),
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-Turnup-Token": document.querySelector("main[data-csrf]").dataset.csrf },
        });
      } catch (error) {
        throw signal && signal.aborted ? error : new Error("Airflow does not answer.");
      }
      if (response.status === 429) {
        await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get("Retry-After") || 2)));
        if (signal && signal.aborted) throw new Error("");
        continue;
      }
      if (response.status === 401) throw new Error(`Your login has ended. Log in at ${AIRFLOW} in another window, and go on here: nothing is lost.`);
      try {
        return { status: response.status, answer: await response.json() };
      } catch {
        throw new Error(`Airflow answers ${response.status}.`);
      }
    }
  }

  function newKey() { // crypto.randomUUID is there on secure pages alone, and a lab is none
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  for (const button of dialog.querySelectorAll("[data-act-close]")) button.addEventListener("click", () => now.starting || dialog.close());
  dialog.addEventListener("cancel", (event) => {
    if (now.starting) event.preventDefault();
  });
  dialog.addEventListener("close", () => {
    if (now.asking) now.asking.abort();
  });
})();
