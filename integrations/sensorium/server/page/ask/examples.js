/** What can be tried first: things of this memory, one press away. */
import { html } from "../base/html.js";
import { get, previewUrl, query } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { Icon } from "../base/icon.js";
import { colourOf, manyOf } from "../base/modalities.js";
import { PlayButton } from "../base/playbutton.js";
import { titleOf } from "../base/titles.js";

const GROUPS = [["audio", 9], ["image", 6], ["video", 4], ["thermal", 4], ["depth", 4], ["imu", 4]];
const SHOWN = new Set(["image", "video", "thermal", "depth"]); // previews are pictures

const newest = (modality, limit, signal) =>
  get(`/v1/memories${query({ modality, limit })}`, signal).then(({ records }) => ({ modality, records }));

const capital = (words) => words[0].toUpperCase() + words.slice(1);
const mediumOf = (record, modality) => record.media.find((medium) => medium.modality === modality);

function Example({ record, modality, include }) {
  const medium = mediumOf(record, modality);
  return html`<li class="example">
    ${modality === "audio" && medium && html`<${PlayButton} digest=${medium.digest} name=${titleOf(record)} />`}
    <button type="button" title="Ask with it" onClick=${() => include(record)}>
      ${SHOWN.has(modality) && medium ? html`<img src=${previewUrl(medium.digest, { size: 96 })} alt="" loading="lazy" />`
        : modality !== "audio" && html`<${Icon} name=${modality} />`}
      <bdi>${titleOf(record)}</bdi></button>
  </li>`;
}

const LEAD = "Press one of these to see what in this memory goes with it. Press two, and both are looked for.";

/** @param {{include: (record: import("../base/types.js").MemoryRecord) => void, lead?: string}} props */
export function Examples({ include, lead = LEAD }) {
  const { value: groups, waiting } = useFetched((signal) => Promise.all(GROUPS.map(([name, most]) => newest(name, most, signal))), []);
  const { value: texts } = useFetched((signal) => get("/v1/memories?limit=1", signal), []);
  if (waiting && !groups) return null;
  const some = (groups ?? []).filter(({ records }) => records.length);
  if (!some.length && !texts?.records.length)
    return html`<div class="panel empty"><h2>This memory is empty</h2>
      <p>Add photos, sounds, videos, notes, measurements: then ask for them in words, or with another sound or picture.</p>
      <a class="button first" href="#/add"><${Icon} name="add" />Add something</a></div>`;
  return html`<section class="examples" aria-label="Examples">
    <p class="soft">${some.length ? lead : "Ask in words: this memory has texts only."}</p>
    ${some.map(({ modality, records }) => html`<div class="group" key=${modality} style=${{ "--of": colourOf(modality) }}>
      <h2><${Icon} name=${modality} />${capital(manyOf(modality))}</h2>
      <ul>${records.map((record) => html`<${Example} key=${record.id} record=${record} modality=${modality} include=${include} />`)}</ul>
    </div>`)}
  </section>`;
}
