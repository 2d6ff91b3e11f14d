/** Add: words, files and folders, with what each file would be before anything is kept. */
import { html, useRef, useState } from "../base/html.js";
import { FileRows } from "./filerows.js";
import { Icon } from "../base/icon.js";
import { lookAt } from "../ask/looking.js";
import { NoteForm } from "./note.js";
import { say } from "../base/saying.js";
import { Trouble } from "../base/trouble.js";
import { tagsOf } from "../record/edit.js";
import { send, TOGETHER } from "./sending.js";
import { UnitGroups } from "./unitgroups.js";
import { filesOf } from "./folders.js";

let keys = 0;

const entry = (file) => ({ key: ++keys, file, name: file.webkitRelativePath || file.name || "pasted", look: null, units: {}, state: "waiting", done: 0, error: "", ids: [] });

const sameUnits = (some, others) => JSON.stringify(some) === JSON.stringify(others);

export function Add({ session }) {
  const [entries, setEntries] = useState([]);
  const [tags, setTags] = useState("");
  const [looking, setLooking] = useState(0);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const [error, setError] = useState(null);
  const folder = useRef(null);
  const files = useRef(null);
  const put = (key, fields) => setEntries((old) => old.map((one) => (one.key === key ? { ...one, ...fields } : one)));

  const take = async (list) => {
    const more = list.map(entry);
    if (!more.length) return;
    setEntries((old) => [...old, ...more]);
    setLooking((old) => old + more.length);
    for (const one of more) {
      await look(one, {});
      setLooking((old) => old - 1);
    }
  };
  const look = (one, units) => lookAt(one.file, units).then((found) => setEntries((old) => old.map((other) =>
    (other.key === one.key && sameUnits(other.units, units) ? { ...other, look: found } : other))), setError); // others were chosen meanwhile
  const choose = (some, units) => {
    for (const one of some) {
      put(one.key, { units });
      look(one, units);
    }
  };
  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    take(await filesOf(event.dataTransfer));
  };
  const addAll = async () => {
    setBusy(true);
    const waiting = entries.filter((one) => one.state === "waiting" || one.state === "failed");
    const queue = [...waiting];
    const counts = { added: 0, known: 0, partly: 0, failed: 0 };
    const work = async () => {
      for (let one = queue.shift(); one; one = queue.shift()) {
        put(one.key, { state: "sending", error: "", done: 0 });
        try {
          const { records, failed } = await send(one, tagsOf(tags), (done) => put(one.key, { done }));
          const known = records.every(({ status }) => status === "known");
          put(one.key, { state: failed.length ? "partly" : known ? "known" : "added", ids: records.map(({ id }) => id), done: 1,
            error: failed.map((part) => part.error).join(" ") });
          counts[known ? "known" : "added"] += 1;
          counts.partly += failed.length ? 1 : 0;
        } catch (problem) {
          put(one.key, { state: "failed", error: problem.message, remedy: problem.remedy });
          counts.failed += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    setBusy(false);
    const parts = [`${counts.added} added`];
    if (counts.partly) parts.push(`${counts.partly} of them only in part: the list says why`);
    if (counts.known) parts.push(`${counts.known} known already and left as they were${tags.trim() ? ", without these tags" : ""}`);
    if (counts.failed) parts.push(`${counts.failed} failed: the list says why`);
    say(`${parts.join(", ")}.`);
  };
  const waiting = entries.filter((one) => one.state === "waiting" || one.state === "failed").length;
  if (!session.rights.includes("write")) return html`<h1>Add</h1><p>This token may not add memories. Sign in with one that has the right “write”.</p>`;
  return html`<h1>Add</h1>
    <div class="panel stack drop ${over ? "over" : ""}" onDrop=${drop} onDragLeave=${() => setOver(false)} onPaste=${(event) => take([...event.clipboardData.files])}
        onDragOver=${(event) => { event.preventDefault(); setOver(true); }}>
      <div class="row"><button type="button" class="first" onClick=${() => files.current.click()}><${Icon} name="file" />Choose files</button>
        <button type="button" onClick=${() => folder.current.click()}><${Icon} name="folder" />Choose a folder</button>
        <span class="soft">or drop them here</span></div>
      <input ref=${files} class="hidden" type="file" multiple tabindex="-1" aria-label="Files to add" onChange=${(event) => { take([...event.target.files]); event.target.value = ""; }} />
      <input ref=${folder} class="hidden" type="file" webkitdirectory tabindex="-1" aria-label="Folder to add" onChange=${(event) => { take([...event.target.files]); event.target.value = ""; }} />
      <${Trouble} error=${error} />
      ${entries.length > 0 && html`
        <${UnitGroups} entries=${entries} change=${choose} />
        <label class="field">Tags for all of them, with commas between<input value=${tags} onInput=${(event) => setTags(event.target.value)} /></label>
        <div class="row"><button type="button" class="first" disabled=${busy || !waiting} onClick=${addAll}><${Icon} name="add" />Add ${waiting === 1 ? "1 file" : `${waiting} files`}</button>
          <button type="button" disabled=${busy} onClick=${() => setEntries([])}>Clear the list</button>
          <span class="soft small" role="status">${looking > 0 ? `Looking at ${looking} more…` : ""}</span></div>
        <${FileRows} entries=${entries} remove=${(key) => setEntries((old) => old.filter((one) => one.key !== key))} busy=${busy} />`}
    </div>
    <${NoteForm} />`;
}
