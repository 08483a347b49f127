// xterm.js, joined to a container's terminal through Python.
//
// To Python:   {type: "ready", columns, rows}      a view wants all that was written so far
//              {type: "input", data}               keys, or what was pasted
//              {type: "resize", columns, rows}
//              {type: "shown", count}              bytes that are on the screen: Python may send more
//              {type: "end"}  {type: "gone"}       the button; the last view was removed
// From Python: {type: "output", view} + bytes      view: for that one only, else for all
// Traits:      state ("running" | "ended"), status (a sentence), title, texts

import { element, root } from "../shared/element.js";
import { loadLibrary } from "../shared/library.js";

const THEME = { background: "#101418", foreground: "#e6edf3", cursor: "#56b4e9" };
let views = 0;
const living = new WeakMap();

async function render({ model, el }) {
  const texts = model.get("texts");
  const status = element("span", { class: "dockerlab-terminal-status", role: "status" });
  const end = element("button", { type: "button", onclick: () => model.send({ type: "end" }) }, texts.end);
  const screen = element("div", { class: "dockerlab-terminal-screen" });
  const title = element("span", { class: "dockerlab-terminal-title" }, model.get("title"));
  const bar = element("div", { class: "dockerlab-terminal-bar" }, title, status, end);
  const hint = element("div", { class: "dockerlab-terminal-hint" }, texts.hint);
  const frame = { class: "dockerlab-terminal", role: "group", "aria-label": model.get("title") };
  root(el, element("div", frame, bar, screen, hint));
  const tell = () => {
    status.textContent = model.get("status");
    end.disabled = model.get("state") === "ended";
  };
  // ipywidgets' own word for a kernel that went away or was restarted, and the container with it.
  let isCut = false;
  const cut = () => {
    isCut = true;
    if (end.disabled) return;
    status.textContent = texts.silent;
    end.disabled = true;
  };
  model.on("change:status change:state", tell);
  model.on("comm_live_update", cut);
  const deaf = () => {
    model.off("change:status change:state", tell);
    model.off("comm_live_update", cut);
  };
  tell();

  let xterm;
  try {
    xterm = await loadLibrary(model, model.get("library"));
  } catch {
    status.textContent = texts.no_library;
    return deaf;
  }
  const close = join(model, screen, end, xterm, texts);
  living.set(model, (living.get(model) ?? 0) + 1);
  return () => {
    close();
    deaf();
    living.set(model, living.get(model) - 1);
    if (living.get(model) === 0 && !isCut) model.send({ type: "gone" });
  };
}

/** Open xterm.js in `screen` and join it to `model`; return how to part them. */
function join(model, screen, end, { Terminal, FitAddon }, texts) {
  const view = `${Date.now()}-${++views}`;
  const terminal = new Terminal({
    cols: model.get("columns"),
    rows: model.get("rows"),
    cursorBlink: false,
    fontSize: 13,
    fontFamily: "Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    scrollback: 5000,
    screenReaderMode: true,
    theme: THEME,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(screen);
  terminal.textarea?.setAttribute("aria-label", texts.screen);
  terminal.attachCustomKeyEventHandler((event) => keyMayPass(event, terminal, end));
  terminal.onData((data) => model.send({ type: "input", data }));
  terminal.onResize(({ cols, rows }) => model.send({ type: "resize", columns: cols, rows }));
  const hear = (message, buffers) => {
    if (message.type !== "output" || (message.view && message.view !== view)) return;
    const piece = buffers[0];
    const bytes = new Uint8Array(piece.buffer ?? piece, piece.byteOffset ?? 0, piece.byteLength);
    terminal.write(bytes, () => model.send({ type: "shown", count: message.view ? 0 : bytes.length }));
  };
  model.on("msg:custom", hear);
  const refit = () => screen.isConnected && screen.clientWidth > 0 && fit.fit();
  const observer = new ResizeObserver(refit);
  observer.observe(screen);
  refit();
  model.send({ type: "ready", view, columns: terminal.cols, rows: terminal.rows });
  return () => {
    observer.disconnect();
    model.off("msg:custom", hear);
    terminal.dispose();
  };
}

/** Whether the terminal gets this key; F6 leaves it, so that Tab can belong to the shell. */
function keyMayPass(event, terminal, end) {
  if (event.type !== "keydown") return true;
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (event.key === "F6") {
    event.preventDefault();
    end.focus();
    return false;
  }
  if (command && event.key.toLowerCase() === "v") return false; // the browser pastes
  if (command && event.key.toLowerCase() === "c" && terminal.hasSelection()) {
    navigator.clipboard?.writeText(terminal.getSelection());
    terminal.clearSelection();
    event.preventDefault();
    return false;
  }
  return true;
}

export default { render };
