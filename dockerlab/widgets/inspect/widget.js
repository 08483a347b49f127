// `docker inspect`, explained. Everything is here from the start: nothing is sent to Python.
//
// Traits: title, groups [{key, title, fields: [{key, name, place, lines, about, command}]}], raw.

import { element, filled, prose, root } from "../shared/element.js";

function render({ model, el }) {
  const texts = model.get("texts");
  const groups = model.get("groups").map(section);
  const fields = groups.flatMap((group) => group.fields);
  const found = element("span", { role: "status" });
  const search = element("input", { type: "search", placeholder: texts.search, "aria-label": texts.search });
  search.addEventListener("input", () => {
    const count = narrow(groups, search.value);
    found.textContent = search.value ? filled(texts.found, { count, total: fields.length }) : "";
  });
  const raw = element(
    "pre",
    { class: "dockerlab-inspect-raw", tabindex: "0", role: "region", "aria-label": texts.raw, hidden: true },
    model.get("raw"),
  );
  const all = element("div", { class: "dockerlab-inspect-groups" }, ...groups.map((group) => group.made));
  const explain = toggle(texts.explain_all, (on) => fields.forEach((field) => (field.made.open = on)));
  const showRaw = toggle(texts.raw, (on) => {
    raw.hidden = !on;
    all.hidden = on;
  });
  const title = element("span", { class: "dockerlab-inspect-title" }, model.get("title"));
  const bar = element("div", { class: "dockerlab-inspect-bar" }, title, found, search, explain, showRaw);
  const frame = { class: "dockerlab-inspect", role: "group", "aria-label": model.get("title") };
  root(el, element("div", frame, bar, all, raw));
}

function section({ title, fields }) {
  const made = element("section", { "aria-label": title });
  made.append(element("div", { class: "dockerlab-inspect-group-title" }, title));
  const shown = fields.map((field) => {
    const value = element("span", { class: "dockerlab-inspect-value" });
    value.append(...field.lines.map((line) => element("code", {}, line)));
    const more = element(
      "div",
      { class: "dockerlab-inspect-more" },
      prose(field.about),
      element("p", {}, element("code", {}, field.command)),
    );
    const details = element("details", {}, element("summary", {}, element("span", {}, field.name), value), more);
    made.append(details);
    const words = [field.name, field.place, ...field.lines, field.about].join(" ").toLowerCase();
    return { made: details, words };
  });
  return { made, fields: shown };
}

function toggle(label, change) {
  const button = element("button", { type: "button", "aria-pressed": "false" }, label);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    change(on);
  });
  return button;
}

/** Hide what does not hold the words; return how many fields are left. */
function narrow(groups, words) {
  const wanted = words.trim().toLowerCase();
  let count = 0;
  for (const group of groups) {
    const left = group.fields.filter((field) => {
      field.made.hidden = !field.words.includes(wanted);
      return !field.made.hidden;
    });
    group.made.hidden = left.length === 0;
    count += left.length;
  }
  return count;
}

export default { render };
