/** One answer: how sure, what it is, and what in it matched. */
import { html } from "../base/html.js";
import { CertaintyBadge } from "../signals/certainty.js";
import { Findings } from "../signals/findings.js";
import { Icon } from "../base/icon.js";
import { MediumView } from "../signals/medium.js";
import { colourOf, wordOf } from "../base/modalities.js";
import { recordAddress } from "../base/route.js";
import { exactly, lasting, when } from "../base/times.js";
import { titleOf } from "../base/titles.js";
import { Excerpt } from "../signals/words.js";

/** The medium that matched, else the first that can be shown. */
function mediumShown(hit) {
  const { media } = hit.record;
  return media.find((medium) => medium.digest === hit.medium) ?? media.find((medium) => medium.file) ?? media[0];
}

/** What matched, in words. @param {import("../base/types.js").Hit} hit */
function reason(hit) {
  const { modality, span, finding } = hit;
  const stretch = span && modality !== "text" && !finding && span[1] > span[0] ? `, ${lasting(span[0])} to ${lasting(span[1])}` : "";
  if (finding) return { read: "words read in it", heard: "words heard in it", subtitle: "a subtitle" }[finding.origin] ?? "words found in it";
  if (modality === "keywords") return "the same words";
  return `${modality === "text" ? "its" : "the"} ${wordOf(modality)}${stretch}`;
}

export function Card({ hit, like, include }) {
  const { record } = hit;
  const medium = mediumShown(hit);
  const matched = medium && medium.digest === hit.medium;
  const timed = hit.finding ? hit.finding.span : hit.span;
  const words = record.text && html`<${Excerpt} text=${record.text} span=${hit.modality === "text" && !hit.finding ? hit.span : null} />`;
  const title = titleOf(record);
  return html`<li><article class="card" style=${{ "--of": colourOf(hit.modality) }}>
    <header class="spread">
      <h3><${Icon} name=${hit.modality} /><a href=${recordAddress(record.id)}><bdi>${title}</bdi></a></h3>
      <${CertaintyBadge} hit=${hit} />
    </header>
    ${medium && medium.modality !== "text" && html`<${MediumView} medium=${medium} span=${matched ? timed : null} name=${title} />`}
    ${words && record.text.trim() !== title && words}
    ${words && record.text.trim() === title && hit.modality === "text" && hit.span && hit.span[1] - hit.span[0] < record.text.length && words}
    <${Findings} findings=${record.findings} matched=${hit.finding} />
    <p class="soft small facts">Matched: ${reason(hit)} · <time datetime=${record.at} title=${exactly(record.at)}>${when(record.at)}</time>${record.shared && html` · shared by <bdi>${record.owner}</bdi>`}
      ${record.tags.map((tag) => html` <span class="tag"><bdi>${tag}</bdi></span>`)}</p>
    <footer class="row">
      <a class="button" href=${recordAddress(record.id)}>Open<span class="hidden"> ${title}</span></a>
      <button type="button" class="plain" onClick=${() => like(record)}>More like this</button>
      <button type="button" class="plain square" title="Add to the question" aria-label=${`Add ${title} to the question`} onClick=${() => include(record)}><${Icon} name="add" /></button>
    </footer>
  </article></li>`;
}
