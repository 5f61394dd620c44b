// Reads texts as JSON, and tells what Mermaid's own parser makes of each.
// Usage: node mermaid_runner.mjs path/to/mermaid.esm.min.mjs < texts.json

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// What Mermaid cleans texts with looks for a browser; it leaves them as they are without one.
class Element {}
const document = { nodeType: 9, addEventListener() {}, createElement: () => ({}) };
Object.assign(globalThis, { document, window: { document, Element, addEventListener() {} } });
const { default: mermaid } = await import(pathToFileURL(process.argv[2]).href);

const answers = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await mermaid.parse(text);
    const { nodes, edges } = (await mermaid.mermaidAPI.getDiagramFromText(text)).db.getData();
    answers.push({
      nodes: nodes.map(({ id, parentId, shape }) => [id, parentId ?? null, shape]),
      edges: edges.map(({ start, end }) => [start, end]),
    });
  } catch (error) {
    answers.push({ error: String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
