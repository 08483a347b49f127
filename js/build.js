// Bundle the widgets: `node build.js [FOLDER]`, by default into dockerlab/widgets/bundles.
//
// Two kinds. A widget's own code is small and travels with each instance, as anywidget has it. The
// libraries (xterm.js, Graphviz) are large: a widget asks Python for them once a page, see
// dockerlab/widgets/shared/library.js.

import { build } from "esbuild";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const widgets = join(here, "..", "dockerlab", "widgets");
const target = resolve(process.argv[2] ?? join(widgets, "bundles"));

const shared = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  nodePaths: [join(here, "node_modules")],
  target: "es2022",
};

for (const name of ["terminal", "inspect", "explore", "progress", "graph"]) {
  const script = join(widgets, name, "widget.js");
  if (!existsSync(script)) continue;
  await build({ ...shared, entryPoints: [script], format: "esm", outfile: join(target, `${name}.js`) });
  await build({
    ...shared,
    entryPoints: [join(widgets, name, "style.css")],
    outfile: join(target, `${name}.css`),
  });
}

for (const name of ["xterm", "graphviz"]) {
  await build({
    ...shared,
    entryPoints: [join(here, `${name}.js`)],
    format: "esm",
    outfile: join(target, `${name}.library.js`),
  });
}
