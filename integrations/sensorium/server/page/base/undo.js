/** What was edited in this session, so that it can be taken back. */
import { html } from "./html.js";
import { call, pathOf } from "./api.js";
import { Icon } from "./icon.js";
import { say } from "./saying.js";

/** Fields as they were before each edit, by id, the last edit last. @type {Map<string, Record<string, unknown>[]>} */
const edits = new Map();

/** @param {string} id @param {Record<string, unknown>} before */
export const remember = (id, before) => edits.set(id, [...(edits.get(id) ?? []), before]);

/** Take the last edit of a record back. @param {string} id */
export async function takeBack(id) {
  const before = edits.get(id)?.pop();
  if (!before) return;
  try {
    await call("PATCH", pathOf(id), { json: before });
    say("It is as it was before.");
  } catch (problem) {
    remember(id, before);
    say(`It was not taken back: ${problem.message}`);
  }
}

/** @param {{id: string, done: () => void}} props */
export function UndoButton({ id, done }) {
  const count = edits.get(id)?.length ?? 0;
  if (!count) return null;
  return html`<button type="button" onClick=${() => takeBack(id).then(done)}><${Icon} name="undo" />Undo the last edit</button>`;
}
