/** A depth map or a heat picture in false colours, with a scale and the value under the pointer. */
import { html, useLayoutEffect, useMemo, useRef, useState } from "../base/html.js";
import { signalOf } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { OF_MODALITY, PALETTES, table } from "../base/palettes.js";
import { Picture } from "./picture.js";

const UNITS = { degC: "°C", m: "m", px: "px", counts: "counts", relative: "", share: "%" };
const TALLEST = 26; // rem
const FINE = 10; // below this range, values are written with two decimals

/** Little-endian float32 of base64. @param {string} data */
export function numbersOf(data) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** Paint the values; where nothing was measured, the panel shows through. */
function paint(canvas, { width, height, low, high, unit }, values, name) {
  const nearIsHigh = unit === "relative" || unit === "px"; // disparity grows where it is near
  const colours = table(name, nearIsHigh);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const range = high - low || 1;
  for (let i = 0; i < values.length; i += 1) {
    const place = Math.max(0, Math.min(255, Math.round((255 * (values[i] - low)) / range)));
    if (Number.isNaN(values[i])) continue;
    for (let band = 0; band < 3; band += 1) picture.data[4 * i + band] = colours[3 * place + band];
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

function Scale({ grid, name, write }) {
  const strip = useRef(null);
  useLayoutEffect(() => {
    paint(strip.current, { width: 256, height: 1, low: 0, high: 255, unit: grid.unit }, Float32Array.from({ length: 256 }, (_, i) => i), name);
  }, [name]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => write(grid.low + part * (grid.high - grid.low)));
  return html`<div class="scale"><canvas ref=${strip} aria-hidden="true"></canvas>
    <div class="ticks small" aria-label="Scale from ${ticks[0]} to ${ticks[4]}" role="img">${ticks.map((tick) => html`<span aria-hidden="true">${tick}</span>`)}</div></div>`;
}

function Values({ grid, medium, name }) {
  const choices = OF_MODALITY[medium.modality] ?? OF_MODALITY.depth;
  const [palette, setPalette] = useState(choices[0]);
  const [point, setPoint] = useState(null);
  const canvas = useRef(null);
  const values = useMemo(() => numbersOf(grid.data), [grid]);
  useLayoutEffect(() => paint(canvas.current, grid, values, palette), [grid, palette]);
  const unit = UNITS[grid.unit] ?? grid.unit ?? "";
  const scale = grid.unit === "share" ? 100 : 1; // a share of the brightest that its camera shows
  const decimals = scale === 100 ? 0 : grid.high - grid.low < FINE ? 2 : 1;
  const write = (value) => `${(scale * value).toFixed(decimals)}${unit ? ` ${unit}` : ""}`;
  const under = point && values[point.y * grid.width + point.x];
  const said = point ? (Number.isNaN(under) ? "not measured" : write(under)) : "";
  const moved = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * grid.width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * grid.height);
    setPoint(x >= 0 && y >= 0 && x < grid.width && y < grid.height ? { x, y } : null);
  };
  const pressed = (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!steps[event.key]) return;
    event.preventDefault();
    const jump = Math.max(1, Math.round(grid.width / 40));
    const from = point ?? { x: grid.width >> 1, y: grid.height >> 1 };
    const within = (value, most) => Math.max(0, Math.min(most - 1, value));
    setPoint({ x: within(from.x + jump * steps[event.key][0], grid.width), y: within(from.y + jump * steps[event.key][1], grid.height) });
  };
  const label = `${medium.modality === "depth" ? "Depth map" : "Heat picture"}: ${name}. Arrow keys read values.`;
  return html`<div class="grid">
    <div class="field" style=${{ width: `min(100%, ${(TALLEST * grid.width) / grid.height}rem)` }}><canvas ref=${canvas} tabindex="0" role="application" aria-label=${label} onPointerMove=${moved} onPointerDown=${moved}
        onPointerLeave=${() => setPoint(null)} onKeyDown=${pressed}></canvas>
      ${point && html`<span class="cross" style=${{ left: `${(100 * (point.x + 0.5)) / grid.width}%`, top: `${(100 * (point.y + 0.5)) / grid.height}%` }}></span>
        <output class="value" style=${{ left: `${Math.min(75, Math.max(2, (100 * point.x) / grid.width))}%`, top: `${point.y > grid.height / 2 ? 4 : 84}%` }} aria-live="polite">${said}</output>`}
    </div>
    <${Scale} grid=${grid} name=${palette} write=${write} />
    <label class="small soft palette">Colours <select value=${palette} onChange=${(event) => setPalette(event.target.value)}>
      ${choices.map((choice) => html`<option value=${choice}>${PALETTES[choice].word}</option>`)}</select></label>
  </div>`;
}

/** @param {{medium: import("../base/types.js").Medium, name: string, large: boolean}} props */
export function Grid({ medium, name, large }) {
  const { value: grid, error } = useFetched(() => signalOf(medium.digest), [medium.digest]);
  if (error) return html`<${Picture} medium=${medium} name=${name} large=${large} />`;
  if (grid && grid.low === null) return html`<p class="soft small">Nothing was measured in it.</p>`;
  return grid ? html`<${Values} grid=${grid} medium=${medium} name=${name} />` : html`<div class="field empty"></div>`;
}
