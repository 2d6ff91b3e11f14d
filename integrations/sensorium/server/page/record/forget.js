/** Forget a memory: what will be lost is said before. */
import { html, useEffect, useRef, useState } from "../base/html.js";
import { call, pathOf, query } from "../base/api.js";
import { wordOf } from "../base/modalities.js";
import { say } from "../base/saying.js";
import { sized } from "../base/times.js";
import { titleOf } from "../base/titles.js";
import { Trouble } from "../base/trouble.js";

/** What is lost with a record, or with its media alone. */
function losses(record, mediaOnly) {
  const kept = record.media.filter((medium) => medium.file && !medium.of);
  const files = kept.map((medium) => `the ${wordOf(medium.modality)} (${sized(medium.bytes)})`);
  if (mediaOnly) return files;
  return [
    ...files,
    record.text && `its text of ${Array.from(record.text).length} characters`,
    record.findings.length && `${record.findings.length} words or lines that were read or heard in it`,
    record.tags.length && `its tags: ${record.tags.join(", ")}`,
    "that it is found when one asks",
  ].filter(Boolean);
}

/** @param {{record: any, rights: string[], leave: () => void, gone: (whole: boolean) => void, forgotten: (id: string) => void}} props */
export function ForgetDialog({ record, rights, leave, gone, forgotten }) {
  const [mediaOnly, setMediaOnly] = useState(false);
  const [purge, setPurge] = useState(false);
  const [error, setError] = useState(null);
  const dialog = useRef(null);
  const hasFiles = record.media.some((medium) => medium.file);
  useEffect(() => { dialog.current.showModal(); }, []);
  const forget = async (event) => {
    event.preventDefault();
    try {
      const answer = await call("DELETE", pathOf(record.id) + query({ media_only: mediaOnly || undefined, purge: purge || undefined }));
      if (!mediaOnly) forgotten(record.id);
      leave();
      gone(!mediaOnly);
      say(mediaOnly ? "Its files are gone; the memory is still found." : `Forgotten. ${answer.kept ?? ""}`);
    } catch (problem) {
      setError(problem);
    }
  };
  return html`<dialog ref=${dialog} onClose=${leave} aria-labelledby="forget-title"><form class="stack" onSubmit=${forget}>
    <h2 id="forget-title">Forget <bdi>${titleOf(record)}</bdi>?</h2>
    ${hasFiles && html`<fieldset>
      <label class="choice"><input type="radio" name="what" checked=${!mediaOnly} onChange=${() => setMediaOnly(false)} />All of it</label><br />
      <label class="choice"><input type="radio" name="what" checked=${mediaOnly} onChange=${() => setMediaOnly(true)} />Its files only: it is found still, and cannot be seen or played</label>
    </fieldset>`}
    <div><strong>What will be lost:</strong><ul>${losses(record, mediaOnly).map((loss) => html`<li><bdi>${loss}</bdi></li>`)}</ul>
      <p class="small soft">This cannot be undone here.</p></div>
    ${rights.includes("admin") && html`<label class="choice"><input type="checkbox" checked=${purge} onChange=${(event) => setPurge(event.target.checked)} />Purge: leave no trace of it on the disk either (slower)</label>`}
    <${Trouble} error=${error} />
    <div class="row"><button class="danger">${mediaOnly ? "Forget its files" : "Forget it"}</button>
      <button type="button" autofocus onClick=${leave}>Keep it</button></div>
  </form></dialog>`;
}
