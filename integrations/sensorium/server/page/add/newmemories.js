/** What was remembered since the page was opened, a press away. */
import { html, useState } from "../base/html.js";
import { get, pathOf } from "../base/api.js";
import { useHappenings } from "../base/live.js";
import { recordAddress } from "../base/route.js";
import { titleOf } from "../base/titles.js";

const SHOWN = 3; // names of new memories

export function NewMemories() {
  const [fresh, setFresh] = useState([]);
  useHappenings(({ kind, id }) => {
    if (kind === "forgotten") setFresh((old) => old.filter((one) => one.id !== id));
    if (kind !== "remembered" || !id) return;
    get(pathOf(id)).then((record) => setFresh((old) => [record, ...old.filter((one) => one.id !== id)]), () => null); // gone again
  });
  if (!fresh.length) return null;
  return html`<div class="fresh row" role="status">
    <strong>${fresh.length === 1 ? "A new memory:" : `${fresh.length} new memories:`}</strong>
    ${fresh.slice(0, SHOWN).map((record) => html`<a key=${record.id} href=${recordAddress(record.id)}><bdi>${titleOf(record)}</bdi></a>`)}
    ${fresh.length > SHOWN && html`<a href="#/timeline">and ${fresh.length - SHOWN} more</a>`}
    <button type="button" class="plain" onClick=${() => setFresh([])}>Seen</button></div>`;
}
