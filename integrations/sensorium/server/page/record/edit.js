/** Correct what a record says: its text, tags and time. */
import { html, useState } from "../base/html.js";
import { call, pathOf } from "../base/api.js";
import { remember as rememberEdit, takeBack } from "../base/undo.js";
import { say } from "../base/saying.js";
import { forField } from "../base/times.js";
import { Trouble } from "../base/trouble.js";

/** "a, b" as a list. @param {string} written */
export const tagsOf = (written) => [...new Set(written.split(",").map((tag) => tag.trim()).filter(Boolean))];

const same = (some, others) => some.length === others.length && some.every((one, i) => one === others[i]);

/** @param {{record: import("../base/types.js").MemoryRecord, saved: () => void, leave: () => void}} props */
export function EditForm({ record, saved, leave }) {
  const [text, setText] = useState(record.text);
  const [tags, setTags] = useState(record.tags.join(", "));
  const [at, setAt] = useState(forField(record.at));
  const [error, setError] = useState(null);
  const save = async (event) => {
    event.preventDefault();
    const fields = {};
    const before = {};
    const put = (name, value, old) => { fields[name] = value; before[name] = old; };
    if (text !== record.text) put("text", text, record.text);
    if (!same(tagsOf(tags), record.tags)) put("tags", tagsOf(tags), record.tags);
    if (at !== forField(record.at)) put("at", new Date(at).toISOString(), record.at);
    if (!Object.keys(fields).length) return leave();
    try {
      await call("PATCH", pathOf(record.id), { json: fields });
      rememberEdit(record.id, before);
      saved();
      say("Saved.", () => takeBack(record.id).then(saved));
    } catch (problem) {
      setError(problem);
    }
    return undefined;
  };
  return html`<form class="stack edit" onSubmit=${save} onKeyDown=${(event) => event.key === "Escape" && leave()}>
    <label class="field">Text<textarea dir="auto" autofocus value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
    <label class="field">Tags, with commas between<input value=${tags} onInput=${(event) => setTags(event.target.value)} /></label>
    <label class="field">Time<input type="datetime-local" step="1" value=${at} required onInput=${(event) => setAt(event.target.value)} /></label>
    <${Trouble} error=${error} />
    <div class="row"><button class="first">Save</button><button type="button" onClick=${leave}>Leave it as it was</button></div>
  </form>`;
}
