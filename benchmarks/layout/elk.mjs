// Lays graphs out with elkjs: one graph in ELK's JSON on each line in, one result on each line out.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const ELK = require("elkjs");
const elk = new ELK();

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await elk.layout(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
