// Answers each line of JSON, an expression and its variables, with a line: its value, or why it has none.
"use strict";

const jsonata = require("jsonata");
const { createInterface } = require("node:readline");

async function answer({ expression, variables }) {
  try {
    const value = await jsonata(expression).evaluate(undefined, variables);
    return value === undefined ? { error: "undefined" } : { value };
  } catch (error) {
    return { error: error.message };
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
  }
})();
