// The course of a pull or a build. Nothing is sent to Python.
//
// Traits: title, state ("running" | "done" | "failed"), status (a sentence), log,
//         rows [{name, status, done (0 to 1, or null), detail}]

import { element, root } from "../shared/element.js";

function render({ model, el }) {
  const texts = model.get("texts");
  const status = element("div", { role: "status" });
  const rows = element("div");
  const log = element("pre", { tabindex: "0", role: "region", "aria-label": texts.log });
  const frame = element("div", { class: "dockerlab-progress", role: "group", "aria-label": model.get("title") });
  const title = element("code", { class: "dockerlab-progress-title" }, model.get("title"));
  frame.append(title, status, rows, element("details", {}, element("summary", {}, texts.log), log));
  const draw = () => {
    if (status.textContent !== model.get("status")) status.textContent = model.get("status");
    rows.replaceChildren(...model.get("rows").map(drawn));
    log.textContent = model.get("log");
  };
  model.on("change:rows change:log change:status", draw);
  root(el, frame);
  draw();
  return () => model.off("change:rows change:log change:status", draw);
}

function drawn({ name, status, done, detail }) {
  const cells = [element("code", {}, name), element("span", {}, status)];
  if (name.includes("/")) return element("div", { class: "dockerlab-progress-row is-step" }, ...cells, element("code", {}, detail));
  const bar = element("progress", { max: "1", "aria-label": `${name} ${status}` });
  if (done !== null) bar.value = done;
  return element("div", { class: "dockerlab-progress-row" }, ...cells, bar, element("span", {}, detail));
}

export default { render };
