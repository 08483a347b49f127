/** Make an element: `element("button", { type: "button" }, "Stop")`. Text is never taken for HTML. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make `el` the root of a widget: JupyterLab's one-letter shortcuts do not reach into it. */
export function root(el, ...children) {
  el.classList.add("dockerlab-widget");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  el.replaceChildren(...children);
}

/** Fill `{name}` places of a sentence. */
export function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** A paragraph, with what stands between backticks as code. */
export function prose(text) {
  const parts = text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
  return element("p", {}, ...parts);
}
