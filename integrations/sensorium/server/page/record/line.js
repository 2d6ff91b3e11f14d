/** A record as one line of a list. */
import { html, useState } from "../base/html.js";
import { previewUrl } from "../base/api.js";
import { Icon } from "../base/icon.js";
import { colourOf, wordOf } from "../base/modalities.js";
import { recordAddress } from "../base/route.js";
import { when } from "../base/times.js";
import { titleOf } from "../base/titles.js";

export const HEIGHT = 68; // pixels
const DRAWN = new Set(["image", "video", "depth", "thermal"]);

/** @param {{record: import("../base/types.js").MemoryRecord}} props */
export function Thumbnail({ record }) {
  const [failed, setFailed] = useState(false);
  const medium = record.media.find((one) => DRAWN.has(one.modality) && one.file);
  const modality = medium?.modality ?? record.modalities[0];
  return medium && !failed
    ? html`<img class="thumbnail" src=${previewUrl(medium.digest, { size: 96 })} alt="" loading="lazy" onError=${() => setFailed(true)} />`
    : html`<span class="thumbnail" style=${{ color: colourOf(modality) }}><${Icon} name=${modality} /></span>`;
}

/** @param {{record?: import("../base/types.js").MemoryRecord}} props */
export function RecordLine({ record }) {
  if (!record) return html`<span class="thumbnail"></span><span class="soft">…</span>`;
  return html`<${Thumbnail} record=${record} /><div class="about">
    <a href=${recordAddress(record.id)}><bdi>${titleOf(record)}</bdi></a>
    <span class="soft small">${record.modalities.map(wordOf).join(", ")} · <time datetime=${record.at}>${when(record.at)}</time>${record.shared ? html` · shared by <bdi>${record.owner}</bdi>` : ""}${record.tags.length ? html` · <bdi>${record.tags.join(", ")}</bdi>` : ""}</span>
  </div>`;
}
