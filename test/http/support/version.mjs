// Prints the name and the version of the runtime.
const { bun, deno, node } = process.versions;
console.log(bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`);
