// A Graphviz picture, drawn here: Graphviz as WebAssembly comes from Python once a page.
//
// Traits: title, words, source (Graphviz's language), sheet (the picture's CSS), texts.
// The picture is an <img>, as JupyterLab shows any SVG: its style stays inside, and it is dark where
// the reader's system prefers that.

import { element, root } from "../shared/element.js";
import { loadLibrary } from "../shared/library.js";

const SHARP = 2;

async function render({ model, el }) {
  const texts = model.get("texts");
  const title = model.get("title");
  const status = element("p", { role: "status" }, texts.drawing);
  const place = element("div", { class: "dockerlab-graph-picture", tabindex: "0", role: "region", "aria-label": title });
  const bar = element("div", { class: "dockerlab-graph-bar" });
  const lines = model.get("words").map((line) => element("li", {}, line));
  const words = element("details", {}, element("summary", {}, texts.in_words), element("ol", {}, ...lines));
  root(el, status, place, bar, words);
  let url = "";
  try {
    const { Graphviz } = await loadLibrary(model, model.get("library"));
    const svg = finished((await Graphviz.load()).dot(model.get("source")), model);
    url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    const picture = element("img", { src: url, alt: title });
    await picture.decode();
    place.append(picture);
    bar.append(
      saving(texts.save_svg, () => url, "layers.svg"),
      saving(texts.save_png, () => painted(picture), "layers.png"),
    );
    status.textContent = "";
  } catch (error) {
    console.error(error);
    status.textContent = texts.not_drawn;
    words.open = true;
  }
  return () => URL.revokeObjectURL(url);
}

/** What `dockerlab.graph.dot.accessible` does in Python: a title, the words, the theme. */
function finished(drawn, model) {
  const parsed = new DOMParser().parseFromString(drawn, "image/svg+xml");
  const svg = parsed.documentElement;
  for (const title of [...svg.querySelectorAll("title")]) title.remove();
  svg.querySelector("g.graph")?.classList.add("ground");
  svg.setAttribute("role", "img");
  for (const [tag, text] of [
    ["style", model.get("sheet")],
    ["desc", model.get("words").join(" ")],
    ["title", model.get("title")],
  ]) {
    const made = parsed.createElementNS("http://www.w3.org/2000/svg", tag);
    made.textContent = text;
    svg.prepend(made);
  }
  return new XMLSerializer().serializeToString(svg);
}

function saving(label, address, name) {
  return element("button", { type: "button", onclick: async () => {
    const link = element("a", { href: await address(), download: name });
    link.click();
  } }, label);
}

/** Return the picture as a PNG, at twice its size: sharp on the screens of today. */
async function painted(picture) {
  const canvas = element("canvas");
  canvas.width = picture.naturalWidth * SHARP;
  canvas.height = picture.naturalHeight * SHARP;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

export default { render };
