/** Where memories are from, on a plain grid with a scale: nothing is loaded from elsewhere. */
import { html, useState } from "../base/html.js";
import { get, query } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { RecordList } from "../record/recordlist.js";
import { Trouble } from "../base/trouble.js";

const PAGE = 200; // records read at once
const MOST = 5000; // records looked through, the newest
const WIDTH = 1000; // of the drawing
const HEIGHT = 560;
const EDGE = 60;
const KILOMETRES = 111.32; // of a degree of latitude
const LEAST = 0.002; // degrees shown at least: 200 m
const CELL = 26; // of the drawing: places nearer than this are one mark

/** The newest records that have a place. */
async function placed(signal) {
  const found = [];
  let cursor;
  let read = 0;
  do {
    const page = await get(`/v1/memories${query({ limit: PAGE, cursor })}`, signal);
    found.push(...page.records.filter((record) => record.place));
    read += page.records.length;
    cursor = page.cursor;
  } while (cursor && read < MOST);
  return { found, more: Boolean(cursor) };
}

/** A step of 1, 2 or 5 times a power of ten. @param {number} about */
export function roundStep(about) {
  const power = 10 ** Math.floor(Math.log10(about));
  return power * [1, 2, 5, 10].find((times) => power * times >= about);
}

/** From degrees to the drawing; a kilometre is as long to the east as to the north. */
export function projection(records) {
  const latitudes = records.map(({ place }) => place.latitude);
  const longitudes = records.map(({ place }) => place.longitude);
  const middle = [(Math.min(...latitudes) + Math.max(...latitudes)) / 2, (Math.min(...longitudes) + Math.max(...longitudes)) / 2];
  const narrow = Math.max(0.05, Math.cos((middle[0] * Math.PI) / 180));
  const tall = Math.max(LEAST, Math.max(...latitudes) - Math.min(...latitudes));
  const wide = Math.max(LEAST, (Math.max(...longitudes) - Math.min(...longitudes)) * narrow);
  const scale = Math.min((HEIGHT - 2 * EDGE) / tall, (WIDTH - 2 * EDGE) / wide); // of the drawing for a degree
  return {
    scale, narrow, middle,
    x: (longitude) => WIDTH / 2 + (longitude - middle[1]) * narrow * scale,
    y: (latitude) => HEIGHT / 2 - (latitude - middle[0]) * scale,
  };
}

/** Places that lie so near that they are one mark. */
function marks(records, { x, y }) {
  const cells = new Map();
  for (const record of records) {
    const at = [x(record.place.longitude), y(record.place.latitude)];
    const key = at.map((value) => Math.round(value / CELL)).join(",");
    const cell = cells.get(key) ?? { at, records: [] };
    cell.records.push(record);
    cells.set(key, cell);
  }
  return [...cells.values()];
}

function Lines({ to }) {
  const step = roundStep(120 / to.scale);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const lines = [];
  const south = to.middle[0] - HEIGHT / 2 / to.scale;
  const west = to.middle[1] - WIDTH / 2 / to.scale / to.narrow;
  for (let line = Math.ceil(south / step) * step; to.y(line) > 0; line += step)
    lines.push(html`<line x1="0" x2=${WIDTH} y1=${to.y(line)} y2=${to.y(line)} /><text x="6" y=${to.y(line) - 4}>${Math.abs(line).toFixed(decimals)}° ${line < 0 ? "S" : "N"}</text>`);
  for (let line = Math.ceil(west / step) * step; to.x(line) < WIDTH; line += step)
    lines.push(html`<line y1="0" y2=${HEIGHT} x1=${to.x(line)} x2=${to.x(line)} /><text y=${HEIGHT - 6} x=${to.x(line) + 4}>${Math.abs(line).toFixed(decimals)}° ${line < 0 ? "W" : "E"}</text>`);
  return html`<g class="lines" aria-hidden="true">${lines}</g>`;
}

function ScaleBar({ to }) {
  const kilometres = roundStep(((WIDTH / 8) * KILOMETRES) / to.scale);
  const length = (kilometres / KILOMETRES) * to.scale;
  const words = kilometres >= 1 ? `${kilometres} km` : `${Math.round(kilometres * 1000)} m`;
  return html`<g class="yardstick" role="img" aria-label="Scale: the bar is ${words} long"><line x1=${WIDTH - 30 - length} x2=${WIDTH - 30} y1="30" y2="30" />
    <text x=${WIDTH - 30 - length / 2} y="22" text-anchor="middle">${words}</text></g>`;
}

export function PlaceMap() {
  const { value, error } = useFetched(placed, []);
  const [chosen, setChosen] = useState(null);
  if (error) return html`<${Trouble} error=${error} />`;
  if (!value) return html`<p class="waiting">Looking for places…</p>`;
  if (!value.found.length) return html`<p class="panel soft">No memory says where it was. Photos with a position, and memories with a place, appear here.</p>`;
  const to = projection(value.found);
  const list = (chosen?.records ?? value.found).map(({ id }) => id);
  const pressed = (event, mark) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    setChosen(mark);
  };
  return html`<div class="panel stack">
    ${value.more && html`<p class="soft">The newest ${MOST.toLocaleString("en-GB")} memories were looked through.</p>`}
    <svg class="places" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label="Map of places">
      <${Lines} to=${to} /><${ScaleBar} to=${to} />
      ${marks(value.found, to).map((mark) => html`<g key=${mark.records[0].id} class=${chosen?.records[0].id === mark.records[0].id ? "mark chosen" : "mark"} tabindex="0" role="button"
        aria-label=${`${mark.records.length === 1 ? "1 memory" : `${mark.records.length} memories`} at ${mark.records[0].place.latitude.toFixed(3)}°, ${mark.records[0].place.longitude.toFixed(3)}°`}
        onClick=${(event) => pressed(event, mark)} onKeyDown=${(event) => pressed(event, mark)}>
        <circle cx=${mark.at[0]} cy=${mark.at[1]} r=${12 + Math.min(14, 3 * Math.log2(mark.records.length))} />
        ${mark.records.length > 1 && html`<text x=${mark.at[0]} y=${mark.at[1] + 5} text-anchor="middle">${mark.records.length}</text>`}</g>`)}
    </svg>
    <div class="spread"><div role="status"><h2>${chosen ? `${list.length} here` : `${list.length} with a place`}</h2></div>
      ${chosen && html`<button type="button" onClick=${() => setChosen(null)}>Show all</button>`}</div>
    <${RecordList} ids=${list} label="Memories with a place" /></div>`;
}
