// The official client for TypeScript; see python_sdk.py.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [name, , given] = process.argv.slice(2);
const server = JSON.parse(given);
const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);

function transport() {
  if (server.url) {
    const headers = { Authorization: `Bearer ${server.token}` };
    return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } });
  }
  const [command, ...args] = server.command;
  return new StdioClientTransport({ command, args, env: process.env });
}

async function done(client, wish) {
  if (wish.do === "list") return (await client.listTools()).tools.map((tool) => tool.name);
  if (wish.do === "read") {
    const read = await client.readResource({ uri: wish.uri });
    return read.contents.map((part) => part.text).join("");
  }
  const result = await client.callTool({ name: wish.tool, arguments: wish.arguments });
  const texts = result.content.filter((block) => block.type === "text");
  return {
    failed: result.isError === true,
    text: texts.map((block) => block.text).join("\n"),
    media: result.content.filter((block) => ["image", "audio"].includes(block.type)).length,
  };
}

const client = new Client({ name: "benchmark", version: "1" });
await client.connect(transport());
console.log(JSON.stringify(JSON.parse(readFileSync(manifest)).version));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await done(client, JSON.parse(line))));
}
await client.close();
