/** All that is known of a record, each with where it came from. */
import { html } from "../base/html.js";
import { mediumUrl } from "../base/api.js";
import { wordOf } from "../base/modalities.js";
import { exactly, lasting, sized } from "../base/times.js";

const SAME = 2000; // milliseconds between a time and the time of remembering that mean the same

/** Where the time of a record came from. @param {import("../base/types.js").MemoryRecord} record */
function originOfTime(record) {
  const at = Date.parse(record.at);
  if (record.media.some((medium) => medium.at && Date.parse(medium.at) === at)) return "from the file";
  return Math.abs(at - Date.parse(record.created_at)) < SAME ? "when it was remembered" : "given";
}

const written = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** @param {import("../base/types.js").Medium} medium */
function mediumFacts(medium) {
  const units = Object.entries(medium.units ?? {}).map(([name, value]) => `${name} ${written(value)}`).join(", ");
  return [
    [medium.of ? `${wordOf(medium.modality)} of the video` : wordOf(medium.modality),
      [medium.mime, medium.bytes ? sized(medium.bytes) : "", medium.duration ? lasting(medium.duration) : ""].filter(Boolean).join(", ") || "not kept", "from the file"],
    units && ["its numbers", units, "given, or from the file"],
    medium.at && ["taken", exactly(medium.at), "from the file"],
    medium.uri && ["file", medium.uri, "from the file"],
  ].filter(Boolean);
}

/** @param {import("../base/types.js").MemoryRecord} record */
function factsOf(record) {
  const { place } = record;
  const height = place?.altitude === null || place?.altitude === undefined ? "" : `, ${place.altitude.toFixed(0)} m high`;
  return [
    record.text && ["text", `${Array.from(record.text).length} characters`, "written"],
    ["time", record.until !== record.at ? `${exactly(record.at)} to ${exactly(record.until)}` : exactly(record.at), originOfTime(record)],
    place && ["place", `${place.latitude.toFixed(5)}°, ${place.longitude.toFixed(5)}°${height}`, "given, or from the file"],
    record.shared && ["shared by", record.owner, "by its owner"],
    record.source && ["source", record.source, "given"],
    record.tags.length && ["tags", record.tags.join(", "), "given"],
    ...Object.entries(record.metadata).map(([name, value]) => [name, written(value), "given"]),
    ...record.media.flatMap(mediumFacts),
    ...[...new Set(record.findings.map((one) => `${one.origin}\n${one.by}`))].map((both) => {
      const [origin, by] = both.split("\n");
      return [`words ${origin === "subtitle" ? "of subtitles" : origin}`, String(record.findings.filter((one) => one.origin === origin && one.by === by).length), `${origin} by ${by}`];
    }),
    record.expires_at && ["forgotten by itself", exactly(record.expires_at), "given"],
    ["remembered", exactly(record.created_at), "by Sensorium"],
    ["id", record.id, "by Sensorium, or given"],
  ].filter(Boolean);
}

/** @param {{record: import("../base/types.js").MemoryRecord}} props */
export function Facts({ record }) {
  const kept = record.media.filter((medium) => medium.file && !medium.of);
  return html`<details class="facts"><summary>Everything known of it, and where that came from</summary>
    <table><thead class="hidden"><tr><th>What</th><th>Value</th><th>Where it came from</th></tr></thead>
      <tbody>${factsOf(record).map(([name, value, origin]) => html`<tr><th scope="row"><bdi>${name}</bdi></th><td><bdi>${value}</bdi></td><td class="soft small">${origin}</td></tr>`)}</tbody></table>
    ${kept.map((medium) => html`<a class="button" href=${mediumUrl(medium.digest)} download>Save the ${wordOf(medium.modality)}</a> `)}
  </details>`;
}
