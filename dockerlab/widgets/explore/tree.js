// A tree of any size: only the rows that are seen are in the document, and a folder's content is
// asked for when it is opened (ARIA Authoring Practices, "Tree View", with aria-activedescendant).

import { element } from "../shared/element.js";

const ROW = 22;
const MARKS = { added: "+", modified: "~", removed: "−", unchanged: "=" };
let trees = 0;

export class Tree {
  /** `ask(key)` resolves to a folder's rows; `texts` has the words for the statuses. */
  constructor({ ask, texts, label }) {
    this.ask = ask;
    this.texts = texts;
    this.id = `dockerlab-tree-${++trees}`;
    this.rows = [];
    this.at = 0;
    this.space = element("div", { role: "none" });
    this.element = element(
      "div",
      { class: "dockerlab-explore-tree", role: "tree", tabindex: "0", "aria-label": label },
      this.space,
    );
    this.element.addEventListener("scroll", () => this.draw());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.click(event));
  }

  /** Show the root's content anew. */
  async load() {
    this.rows = (await this.ask("")).map((row) => ({ ...row, level: 1, open: false }));
    this.at = 0;
    this.element.scrollTop = 0;
    this.draw();
  }

  /** Open every folder on the way to `key` and go there. */
  async reveal(key) {
    const parts = key.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const index = this.rows.findIndex((row) => row.key === parts.slice(0, depth).join("/"));
      if (index < 0) return false;
      if (depth < parts.length) await this.open(index);
      else this.go(index);
    }
    return true;
  }

  async open(index) {
    const row = this.rows[index];
    if (!row?.folder || row.open) return;
    row.open = true;
    const children = await this.ask(row.key);
    const now = this.rows.indexOf(row); // others may have been opened above it meanwhile
    if (now < 0 || !row.open) return;
    const below = children.map((child) => ({ ...child, level: row.level + 1, open: false }));
    this.rows.splice(now + 1, 0, ...below);
    this.draw();
  }

  close(index) {
    const row = this.rows[index];
    row.open = false;
    let end = index + 1;
    while (end < this.rows.length && this.rows[end].level > row.level) end++;
    this.rows.splice(index + 1, end - index - 1);
    this.draw();
  }

  go(index) {
    this.at = Math.max(0, Math.min(this.rows.length - 1, index));
    const top = this.at * ROW;
    const view = this.element;
    if (top < view.scrollTop) view.scrollTop = top;
    if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
    this.draw();
  }

  key(event) {
    const page = Math.floor(this.element.clientHeight / ROW) - 1;
    const row = this.rows[this.at];
    const moves = {
      ArrowDown: () => this.go(this.at + 1),
      ArrowUp: () => this.go(this.at - 1),
      PageDown: () => this.go(this.at + page),
      PageUp: () => this.go(this.at - page),
      Home: () => this.go(0),
      End: () => this.go(this.rows.length - 1),
      ArrowRight: () => (row?.open ? this.go(this.at + 1) : this.open(this.at)),
      ArrowLeft: () => (row?.open ? this.close(this.at) : this.go(this.parent())),
      Enter: () => this.toggle(this.at),
      " ": () => this.toggle(this.at),
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (row) move();
  }

  click(event) {
    const index = Number(event.target.closest("[data-index]")?.dataset.index ?? -1);
    if (index < 0) return;
    this.go(index);
    this.toggle(index);
  }

  toggle(index) {
    return this.rows[index]?.open ? this.close(index) : this.open(index);
  }

  parent() {
    const level = this.rows[this.at]?.level ?? 1;
    for (let index = this.at; index >= 0; index--) if (this.rows[index].level < level) return index;
    return this.at;
  }

  draw() {
    this.space.style.height = `${this.rows.length * ROW}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 5);
    const last = Math.min(this.rows.length, first + Math.ceil((this.element.clientHeight || 400) / ROW) + 10);
    const seen = [];
    for (let index = first; index < last; index++) seen.push(this.drawn(index));
    this.space.replaceChildren(...seen);
    const active = `${this.id}-${this.at}`;
    if (this.at >= first && this.at < last) this.element.setAttribute("aria-activedescendant", active);
    else this.element.removeAttribute("aria-activedescendant");
  }

  drawn(index) {
    const row = this.rows[index];
    const status = this.texts[row.status] ?? "";
    const sign = row.folder ? (row.open ? "▾ " : "▸ ") : "  ";
    const mark = MARKS[row.status] ?? (row.touched ? "·" : "");
    const name = `${"  ".repeat(row.level - 1)}${sign}${row.name}${row.target ? ` → ${row.target}` : ""}`;
    const made = element(
      "div",
      {
        class: "dockerlab-explore-row",
        id: `${this.id}-${index}`,
        role: "treeitem",
        "aria-level": row.level,
        "aria-setsize": this.rows.length,
        "aria-posinset": index + 1,
        "aria-selected": String(index === this.at),
        "aria-label": [row.name, status, human(row.size)].filter(Boolean).join(", "),
        "data-index": index,
        "data-status": row.status,
        title: status,
      },
      element("span", {}, mark),
      element("span", { style: "white-space:pre" }, name),
      element("span", { class: "dockerlab-explore-size" }, human(row.size)),
      element("span", {}, row.mode),
      element("span", {}, row.owner),
    );
    if (row.folder) made.setAttribute("aria-expanded", String(row.open));
    made.style.top = `${index * ROW}px`;
    return made;
  }
}

/** Bytes as Docker writes them: powers of 1000, three digits. */
export function human(bytes) {
  let size = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 1000) return `${Number(size.toPrecision(3))}${unit}`;
    size /= 1000;
  }
  return `${Number(size.toPrecision(3))}TB`;
}
