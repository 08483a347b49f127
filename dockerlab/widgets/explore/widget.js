// dive in a notebook: the layers beside the files.
//
// To Python:   {type: "children", request, layer, key, changed, order}
//              {type: "search", request, layer, words}
// From Python: {type: "children", request, rows, left}   {type: "found", request, rows, total}
// Traits:      title, summary, layers, waste, texts

import { element, filled, root } from "../shared/element.js";
import { Tree } from "./tree.js";

let count = 0;

function render({ model, el }) {
  const texts = model.get("texts");
  const state = { layer: Math.max(0, model.get("layers").length - 1), changed: true, order: "name" };
  const questions = asking(model);
  const tree = new Tree({
    texts,
    label: texts.files,
    ask: async (key) => {
      const answer = await questions.ask({ type: "children", key, ...state });
      return answer.rows;
    },
  });
  const search = element("input", { type: "search", placeholder: texts.search, "aria-label": texts.search });
  const found = element("ul", { class: "dockerlab-explore-found", hidden: true });
  const status = element("span", { role: "status" });
  const changed = toggle(texts.only_changes, true, (on) => change({ changed: on }));
  const order = toggle(texts.by_size, false, (on) => change({ order: on ? "size" : "name" }));
  const change = (what) => {
    Object.assign(state, what);
    found.hidden = true;
    return tree.load();
  };
  search.addEventListener("input", async () => {
    const words = search.value.trim();
    if (!words) return (found.hidden = true), (status.textContent = "");
    const answer = await questions.ask({ type: "search", words, layer: state.layer });
    if (search.value.trim() !== words) return; // there is a newer question
    status.textContent = filled(texts.found, { count: answer.total });
    found.replaceChildren(...answer.rows.map((row) => element("li", {}, hit(row, texts, go))));
    found.hidden = answer.rows.length === 0;
  });
  const go = async (key) => {
    status.textContent = "";
    if (!(await tree.reveal(key)) && state.changed) {
      // What this layer does not change is not in the tree: show all of it.
      changed.setAttribute("aria-pressed", "false");
      await change({ changed: false });
      if (!(await tree.reveal(key))) status.textContent = texts.not_here;
    }
    tree.element.focus();
  };
  const frame = element("div", { class: "dockerlab-explore", role: "group", "aria-label": model.get("title") });
  frame.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === search) return;
    event.preventDefault();
    search.focus();
  });
  const title = element("span", { class: "dockerlab-explore-title" }, model.get("title"));
  frame.append(
    element("div", { class: "dockerlab-explore-bar" }, title, status, search, changed, order),
    element("div", {}, model.get("summary")),
    wasted(model.get("waste"), texts, go),
    found,
    element(
      "div",
      { class: "dockerlab-explore-both" },
      layers(model.get("layers"), state, texts, (layer) => change({ layer })),
      element("div", { style: "min-width:0" }, tree.element, element("div", { class: "dockerlab-explore-key" }, texts.key)),
    ),
  );
  root(el, frame);
  tree.load();
  return () => questions.stop();
}

/** Questions to Python and their answers, matched by number. */
function asking(model) {
  const waiting = new Map();
  const hear = (message) => {
    waiting.get(message.request)?.(message);
    waiting.delete(message.request);
  };
  model.on("msg:custom", hear);
  return {
    ask: ({ type, layer, ...rest }) =>
      new Promise((resolve) => {
        const request = ++count;
        waiting.set(request, resolve);
        model.send({ type, request, layer, ...rest });
      }),
    stop: () => model.off("msg:custom", hear),
  };
}

function layers(all, state, texts, choose) {
  const name = `dockerlab-layers-${++count}`;
  const rows = all.map((layer, index) => {
    const radio = element("input", { type: "radio", name, value: index, onchange: () => choose(index) });
    radio.checked = index === state.layer;
    return element(
      "label",
      { class: "dockerlab-explore-layer" },
      radio,
      element("code", {}, layer.command),
      element("small", {}, `${layer.size} · ${layer.digest} · ${layer.counts}`),
    );
  });
  return element("fieldset", { class: "dockerlab-explore-layers" }, element("legend", {}, texts.layers), ...rows);
}

function wasted(paths, texts, go) {
  if (paths.length === 0) return element("p", {}, texts.no_waste);
  const heads = [texts.path, texts.in_layers, texts.wasted_bytes];
  const rows = paths.map((path) => {
    const open = element("button", { type: "button", onclick: () => go(path.key) }, path.name);
    const cells = [open, String(path.layers), path.size].map((each) => element("td", {}, each));
    return element("tr", {}, ...cells);
  });
  const head = element("tr", {}, ...heads.map((each) => element("th", { scope: "col" }, each)));
  const body = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  const box = { class: "dockerlab-explore-waste", tabindex: "0", role: "region", "aria-label": texts.waste };
  return element(
    "details",
    { open: true },
    element("summary", {}, texts.waste),
    element("div", box, body),
  );
}

function hit(row, texts, go) {
  const status = texts[row.status] ? ` (${texts[row.status]})` : "";
  return element("button", { type: "button", onclick: () => go(row.key) }, `${row.name}${status}`);
}

function toggle(label, on, change) {
  const button = element("button", { type: "button", "aria-pressed": String(on) }, label);
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(now));
    change(now);
  });
  return button;
}

export default { render };
