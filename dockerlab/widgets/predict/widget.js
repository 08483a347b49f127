// The form of a question. Native controls throughout, so that keyboard and screen readers work as
// everywhere: radio buttons for a choice, a text field for a number, buttons that move a line.

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// `docker ps` between backticks is shown as code; everything else stays text.
const inline = (text) =>
  text.split(/`([^`]+)`/).map((part, place) =>
    place % 2 ? element("code", { textContent: part }) : document.createTextNode(part));

const group = () => `dockerlab-predict-${crypto.getRandomValues(new Uint32Array(1))[0]}`;

function choice(options) {
  const name = group();
  const rows = options.map(([letter, words]) => {
    const radio = element("input", { type: "radio", name, value: letter });
    return element("label", {}, radio, ` ${letter}) `, ...inline(words));
  });
  const box = element("div", { className: "options" }, ...rows);
  return { box, read: () => box.querySelector("input:checked")?.value ?? "" };
}

function number(labels, unit) {
  const field = element("input", { type: "text", inputMode: "decimal", size: 10 });
  const label = element("label", {}, `${labels.number} `, field, unit ? ` ${unit}` : "");
  return { box: element("div", { className: "options" }, label), read: () => field.value.trim() };
}

function order(options, labels) {
  const list = element("ol", { className: "order" });
  const move = (row, step) => {
    const rows = [...list.children];
    const place = rows.indexOf(row) + step;
    if (place < 0 || place >= rows.length) return;
    list.insertBefore(row, step < 0 ? rows[place] : rows[place].nextSibling);
  };
  for (const [letter, words] of options) {
    const row = element("li");
    row.dataset.letter = letter;
    for (const [label, sign, step] of [[labels.up, "↑", -1], [labels.down, "↓", 1]]) {
      const button = element("button", { type: "button", textContent: sign });
      button.setAttribute("aria-label", `${label}: ${words.replaceAll("`", "")}`);
      button.addEventListener("click", () => {
        move(row, step);
        button.focus(); // the row was moved in the document, and the focus with it
      });
      row.append(button, " ");
    }
    row.append(...inline(words));
    list.append(row);
  }
  return { box: list, read: () => [...list.children].map((row) => row.dataset.letter).join(" ") };
}

function render({ model, el }) {
  const labels = model.get("labels");
  const options = model.get("options");
  const controls = {
    choice: () => choice(options),
    number: () => number(labels, model.get("unit")),
    order: () => order(options, labels),
  }[model.get("kind")]();
  const legend = element("legend", {}, element("strong", { textContent: labels.title }), " ",
    ...inline(model.get("question")));
  const lock = element("button", { type: "submit", className: "lock", textContent: labels.lock });
  const fields = element("fieldset", {}, legend, controls.box, lock);
  const state = element("p", { className: "state" });
  state.setAttribute("role", "status");
  const form = element("form", { className: "dockerlab-predict" }, fields, state);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (controls.read()) model.send({ answer: controls.read() });
  });
  // JupyterLab's own shortcuts must not take what is typed here.
  form.addEventListener("keydown", (event) => event.stopPropagation());
  const update = () => {
    fields.disabled = !model.get("is_open");
    lock.hidden = fields.disabled;
    state.replaceChildren(...inline(model.get("state")));
  };
  // ipywidgets' own word for a kernel that went away or was restarted: nobody would take an answer.
  const cut = () => {
    if (fields.disabled) return;
    fields.disabled = lock.hidden = true;
    state.replaceChildren(...inline(labels.silent));
  };
  update();
  model.on("change:is_open", update);
  model.on("change:state", update);
  model.on("comm_live_update", cut);
  el.append(form);
  return () => {
    model.off("comm_live_update", cut);
    model.off("change:is_open", update);
    model.off("change:state", update);
  };
}

export default { render };
