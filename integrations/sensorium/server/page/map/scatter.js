/** Points on a canvas, with a loop that a pointer draws. */
import { html, useMemo, useRef, useState } from "../base/html.js";
import { useCanvas } from "../base/canvas.js";
import { MODALITIES } from "../base/modalities.js";
import { colour } from "../base/theme.js";

const EDGE = 20; // pixels around the points
const REACH = 14; // pixels from a press to a point
const SHORTEST = 12; // pixels of a loop; less is a press

/** Whether a point lies in a loop, by counting the edges to its right. */
export function inside(loop, [x, y]) {
  let within = false;
  for (let i = 0, j = loop.length - 1; i < loop.length; j = i, i += 1) {
    const [ax, ay] = loop[i];
    const [bx, by] = loop[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

/** The point nearest to a press, or -1. */
export function nearest([x, y], places) {
  let best = -1;
  let least = REACH;
  places.forEach(([px, py], i) => {
    const far = Math.hypot(px - x, py - y);
    if (far < least) [best, least] = [i, far];
  });
  return best;
}

/** Where points lie on the canvas. */
export function layout(points, width, height) {
  const spread = (name) => {
    const values = points.map((point) => point[name]);
    const low = values.reduce((one, other) => Math.min(one, other), Infinity);
    const high = values.reduce((one, other) => Math.max(one, other), -Infinity);
    return [low, high - low || 1];
  };
  const [left, wide] = spread("x");
  const [foot, tall] = spread("y");
  return points.map(({ x, y }) => [EDGE + ((x - left) / wide) * (width - 2 * EDGE), EDGE + (1 - (y - foot) / tall) * (height - 2 * EDGE)]);
}

/** Each modality has a shape of its own beside its colour. */
function mark(context, shape, x, y, size) {
  context.beginPath();
  if (shape < 2) context.arc(x, y, size, 0, 2 * Math.PI);
  else {
    const corners = shape < 4 ? 4 : 3;
    const turn = { 2: Math.PI / 4, 3: 0, 4: -Math.PI / 2, 5: Math.PI / 2, 6: 0 }[shape] ?? 0;
    for (let i = 0; i < corners; i += 1)
      context.lineTo(x + 1.25 * size * Math.cos(turn + (2 * Math.PI * i) / corners), y + 1.25 * size * Math.sin(turn + (2 * Math.PI * i) / corners));
    context.closePath();
  }
}

function draw(context, canvas, points, places, chosen, loop) {
  const names = Object.keys(MODALITIES);
  const inks = Object.fromEntries(names.map((name) => [name, colour(canvas, `--of-${name}`)]));
  const soft = colour(canvas, "--soft");
  const size = points.length > 5000 ? 2 : points.length > 500 ? 3.5 : 6;
  points.forEach(({ id, modality }, i) => {
    context.globalAlpha = !chosen || chosen.has(id) ? 0.9 : 0.2;
    context.fillStyle = inks[modality] ?? soft;
    context.strokeStyle = context.fillStyle;
    mark(context, names.indexOf(modality), ...places[i], size);
    if (modality === "text") context.stroke(); // words are rings
    else context.fill();
  });
  context.globalAlpha = 1;
  if (loop.length < 2) return;
  context.strokeStyle = colour(canvas, "--accent");
  context.lineWidth = 2;
  context.setLineDash([6, 4]);
  context.beginPath();
  loop.forEach(([x, y]) => context.lineTo(x, y));
  context.closePath();
  context.stroke();
}

/** @param {{points: any[], chosen: string[]|null, around: any, press: any}} props */
export function Scatter({ points, chosen, around, press }) {
  const [loop, setLoop] = useState([]);
  const places = useRef([]);
  const drawing = useRef(false);
  const marked = useMemo(() => chosen && new Set(chosen), [chosen]);
  const canvas = useCanvas((context, width, height, element) => {
    places.current = layout(points, width, height);
    draw(context, element, points, places.current, marked, loop);
  }, [points, marked, loop]);
  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event) => {
    drawing.current = true;
    canvas.current.setPointerCapture(event.pointerId);
    setLoop([at(event)]);
  };
  const moved = (event) => drawing.current && setLoop((old) => [...old, at(event)]);
  const up = (event) => {
    if (!drawing.current) return;
    drawing.current = false;
    const length = loop.reduce((sum, [x, y], i) => (i ? sum + Math.hypot(x - loop[i - 1][0], y - loop[i - 1][1]) : 0), 0);
    if (length < SHORTEST) {
      setLoop([]);
      press(at(event), places.current);
    } else around(loop, places.current);
  };
  return html`<canvas ref=${canvas} class="scatter" role="img" aria-label="Map of meaning with ${points.length} points. The list below has them all; the kinds above choose among them."
    onPointerDown=${down} onPointerMove=${moved} onPointerUp=${up} onPointerCancel=${() => { drawing.current = false; setLoop([]); }}></canvas>`;
}
