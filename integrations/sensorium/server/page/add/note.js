/** Words to remember. */
import { html, useState } from "../base/html.js";
import { call } from "../base/api.js";
import { tagsOf } from "../record/edit.js";
import { go, recordAddress } from "../base/route.js";
import { say } from "../base/saying.js";
import { Trouble } from "../base/trouble.js";

export function NoteForm() {
  const [text, setText] = useState("");
  const [tags, setTags] = useState("");
  const [error, setError] = useState(null);
  const keep = async (event) => {
    event.preventDefault();
    try {
      const { records } = await call("POST", "/v1/memories", { json: { text, tags: tagsOf(tags), origin: "person" } });
      setText("");
      setError(null);
      say(records[0].status === "known" ? "That is remembered already." : "Remembered.");
      if (records[0].status === "known") go(recordAddress(records[0].id));
    } catch (problem) {
      setError(problem);
    }
  };
  return html`<form class="panel stack note" onSubmit=${keep}><h2>Or write a note</h2>
    <label class="field">Words<textarea dir="auto" required value=${text} onInput=${(event) => setText(event.target.value)}></textarea></label>
    <label class="field">Tags, with commas between<input value=${tags} onInput=${(event) => setTags(event.target.value)} /></label>
    <${Trouble} error=${error} />
    <div class="row"><button class="first">Remember it</button></div></form>`;
}
