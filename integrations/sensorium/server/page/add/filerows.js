/** The files that are to be added: what each would be, how far it is, and why one failed. */
import { html } from "../base/html.js";
import { Icon } from "../base/icon.js";
import { needsUnits, readingOf } from "../ask/looking.js";
import { recordAddress } from "../base/route.js";
import { sized } from "../base/times.js";
import { VirtualList } from "../base/virtual.js";

const HEIGHT = 76; // pixels of a row
const MOST_PLAIN = 40; // rows before the list becomes a virtual one
const WORDS = { added: "added", partly: "added in part", known: "known already", failed: "failed", sending: "on its way" };

function State({ one }) {
  if (one.state === "sending") return html`<progress value=${one.done} max="1" aria-label=${`Progress of ${one.name}`}></progress>`;
  if (one.state === "waiting") return one.look?.error ? html`<span class="small bad">${needsUnits(one.look) ? "needs units" : "cannot be read"}</span>` : null;
  const words = WORDS[one.state] + (one.ids.length > 1 ? `: ${one.ids.length} memories` : "");
  const wrong = one.state === "failed" || one.state === "partly";
  return html`<span class="small ${wrong ? "bad" : "good"}">${one.ids.length ? html`<a href=${recordAddress(one.ids[0])}>${words}</a>` : words}</span>`;
}

function Row({ one, remove, busy }) {
  const would = one.look ? readingOf(one.look) : "not looked at yet";
  return html`<span class="thumbnail"><${Icon} name=${one.units.modality || one.look?.modality || "file"} /></span>
    <div class="about"><bdi class="cutoff">${one.name}</bdi>
      <span class="soft small cutoff" title=${one.error || would}><bdi>${one.error ? `${one.error} ${one.remedy ?? ""}` : would}</bdi> · ${sized(one.file.size)}</span></div>
    <${State} one=${one} />
    <button type="button" class="plain square" disabled=${busy} aria-label=${`Leave out ${one.name}`} onClick=${() => remove(one.key)}><${Icon} name="close" /></button>`;
}

export function FileRows({ entries, remove, busy }) {
  const sorted = [...entries].sort((one, other) => Number(other.state === "failed") - Number(one.state === "failed"));
  if (sorted.length > MOST_PLAIN)
    return html`<${VirtualList} count=${sorted.length} height=${HEIGHT} label="Files" row=${(index) => html`<${Row} one=${sorted[index]} remove=${remove} busy=${busy} />`} />`;
  return html`<ul class="plainlist" aria-label="Files">${sorted.map((one) => html`<li class="fileline" key=${one.key}><${Row} one=${one} remove=${remove} busy=${busy} /></li>`)}</ul>`;
}
