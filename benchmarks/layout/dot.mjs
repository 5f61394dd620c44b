// Lays graphs out with the Graphviz that state-machine-cat brings: one question on each line in, one
// answer on each line out. A question is a graph in DOT, or a machine of state-machine-cat.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const entry = `${process.argv[2]}/node_modules/state-machine-cat/dist/index.mjs`;
const { render } = await import(entry);
const { Graphviz } = await import(createRequire(entry).resolve("@hpcc-js/wasm-graphviz"));
const graphviz = await Graphviz.load();

for await (const line of createInterface({ input: process.stdin })) {
  const { dot, machine } = JSON.parse(line);
  const text = machine === undefined ? undefined : JSON.stringify(machine);
  let answer;
  try {
    const begun = process.cpuUsage();
    const svg = text
      ? await render(text, { inputType: "json", outputType: "svg" })
      : graphviz.layout(dot, "svg", "dot");
    const { user, system } = process.cpuUsage(begun);
    const graph = text ? await render(text, { inputType: "json", outputType: "dot" }) : dot;
    const layout = JSON.parse(graphviz.layout(graph, "json", "dot"));
    answer = { version: graphviz.version(), seconds: (user + system) / 1e6, svg, layout };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
