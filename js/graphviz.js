export { Graphviz } from "@hpcc-js/wasm-graphviz";
