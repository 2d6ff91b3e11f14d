// Writes the description of the interface, openapi.json, as a page. All text is put in as text.

const DEEPEST = 6; // levels of a schema that are written

const response = await fetch("../openapi.json");
const api = await response.json();

/** Make an element with attributes and children; texts become text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Follow a reference of the description. */
function resolved(schema) {
  if (!schema || !schema.$ref) return schema ?? {};
  return schema.$ref
    .slice(2)
    .split("/")
    .reduce((part, key) => part[key], api);
}

/** Write the kind of a schema in a few words. */
function kindOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map(kindOf).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.type === "array") return `list of ${kindOf(schema.items ?? {})}`;
  return schema.format ? `${schema.type} (${schema.format})` : (schema.type ?? "anything");
}

/** Write a schema as an outline: a line for each of its fields. */
function outline(schema, depth = 0) {
  const named = schema.items ? resolved(schema.items) : resolved(schema);
  if (!named.properties || depth > DEEPEST) return "";
  const required = new Set(named.required ?? []);
  return Object.entries(named.properties)
    .map(([name, field]) => {
      const mark = required.has(name) ? "" : "?";
      const inner = outline(field, depth + 1);
      return `${"  ".repeat(depth)}${name}${mark}: ${kindOf(field)}\n${inner}`;
    })
    .join("");
}

/** Write a body or an answer: its types, and the fields of each. */
function contentOf(content) {
  return Object.entries(content ?? {}).flatMap(([type, { schema }]) => {
    const fields = outline(schema ?? {});
    const line = make("p", {}, make("code", {}, type), ` ${kindOf(schema ?? {})}`);
    return fields ? [line, make("pre", { tabindex: "0" }, fields)] : [line];
  });
}

function parametersOf(operation) {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((parameter) =>
    make(
      "tr",
      {},
      make("td", {}, make("code", {}, parameter.name), parameter.required ? "" : " (optional)"),
      make("td", {}, parameter.in),
      make("td", {}, kindOf(parameter.schema ?? {})),
      make("td", {}, parameter.description ?? ""),
    ),
  );
  const head = ["name", "in", "kind", ""].map((name) => make("th", { scope: "col" }, name));
  return make("table", {}, make("tr", {}, ...head), ...rows);
}

function sectionOf(id, method, path, operation) {
  const answers = Object.entries(operation.responses).filter(([status]) => status < 400);
  const errors = Object.entries(operation.responses).filter(([status]) => status >= 400);
  return make(
    "section",
    { id },
    make("h2", {}, make("code", {}, `${method.toUpperCase()} ${path}`)),
    make("p", {}, operation.description ?? operation.summary ?? ""),
    parametersOf(operation),
    ...(operation.requestBody ? [make("h3", {}, "Body")] : []),
    ...contentOf(operation.requestBody?.content),
    ...answers.flatMap(([status, answer]) => [
      make("h3", {}, `Answer ${status}`),
      ...contentOf(answer.content),
    ]),
    make("p", {}, `Errors, as Problem: ${errors.map(([status]) => status).join(", ")}`),
  );
}

const sections = [];
const links = [];
for (const [path, operations] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    const id = `${method}${path.replaceAll(/[^a-z0-9]+/gi, "-")}`;
    sections.push(sectionOf(id, method, path, operation));
    const name = `${method.toUpperCase()} ${path}`;
    links.push(make("li", {}, make("a", { href: `#${id}` }, name)));
  }
}
const problem = { $ref: "#/components/schemas/Problem" };
sections.push(
  make("section", {}, make("h2", {}, "Problem"), make("pre", { tabindex: "0" }, outline(problem))),
);
document.querySelector("#contents").replaceChildren(make("ul", {}, ...links));
document.querySelector("#endpoints").replaceChildren(...sections);
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
