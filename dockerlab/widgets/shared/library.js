// A library that is too large to travel with each widget: asked for once a page, kept for all.

const pending = (globalThis.dockerlabLibraries ??= new Map());
const PATIENCE = 30_000;

/** Return the library's module; `key` is its name and what its content hashes to. */
export function loadLibrary(model, key) {
  if (!pending.has(key)) {
    const loading = ask(model, key);
    pending.set(key, loading);
    // A kernel that died before it answered must not be the last word.
    loading.catch(() => pending.delete(key));
  }
  return pending.get(key);
}

async function ask(model, key) {
  const source = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      model.off("msg:custom", hear);
      reject(new Error(`${key} was asked for, and did not come`));
    }, PATIENCE);
    const hear = (message, buffers) => {
      if (message.type !== "library" || message.key !== key) return;
      clearTimeout(timer);
      model.off("msg:custom", hear);
      resolve(buffers[0]);
    };
    model.on("msg:custom", hear);
    model.send({ type: "library", key });
  });
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
