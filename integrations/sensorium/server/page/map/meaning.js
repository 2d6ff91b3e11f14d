/** All memories on a plane: near each other where they mean alike. A loop drawn around some lists them. */
import { html, useEffect, useRef, useState } from "../base/html.js";
import { get } from "../base/api.js";
import { useFetched } from "../base/fetched.js";
import { colourOf, MODALITIES, manyOf } from "../base/modalities.js";
import { Icon } from "../base/icon.js";
import { inside, nearest, Scatter } from "./scatter.js";
import { useHappenings } from "../base/live.js";
import { RecordList } from "../record/recordlist.js";
import { Trouble } from "../base/trouble.js";

const SETTLED = 1500; // milliseconds after the last of many happenings

function Legend({ counts, shown, toggle }) {
  return html`<div class="row legend" role="group" aria-label="Kinds on the map">${[...counts].map(([name, count]) => html`<button type="button" key=${name}
    aria-pressed=${shown(name) ? "true" : "false"} style=${{ "--of": colourOf(name) }} onClick=${() => toggle(name)}>
    <span class="dot"></span><${Icon} name=${name} />${manyOf(name)} <span class="soft">${count}</span></button>`)}</div>`;
}

export function MeaningMap() {
  const [renewed, setRenewed] = useState(0);
  const [hidden, setHidden] = useState([]);
  const [chosen, setChosen] = useState(null);
  const timer = useRef(0);
  const { value: plane, error, waiting } = useFetched((signal) => get("/v1/plane", signal), [renewed]);
  useHappenings(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setRenewed((old) => old + 1), SETTLED);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  if (error) return html`<${Trouble} error=${error} />`;
  if (!plane) return html`<p class="waiting">${waiting ? "Laying out the memory…" : ""}</p>`;
  if (!plane.points.length) return html`<p class="soft">There is nothing to lay out yet. <a href="#/add">Add something</a>.</p>`;
  const order = Object.keys(MODALITIES);
  const counts = new Map();
  for (const { modality } of plane.points) counts.set(modality, (counts.get(modality) ?? 0) + 1);
  const sorted = new Map([...counts].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)));
  const points = plane.points.filter(({ modality }) => !hidden.includes(modality));
  const list = chosen ?? points.map(({ id }) => id);
  const toggle = (name) => {
    setHidden((old) => (old.includes(name) ? old.filter((one) => one !== name) : [...old, name]));
    setChosen(null);
  };
  const around = (loop, places) => setChosen(points.filter((_, i) => inside(loop, places[i])).map(({ id }) => id));
  const press = (at, places) => {
    const found = nearest(at, places);
    setChosen(found < 0 ? null : [points[found].id]);
  };
  return html`<div class="panel stack">
    <p class="soft">What lies close means something alike. Draw a loop around some to list them, or press one.
      ${plane.sampled ? ` Of all memories, ${plane.points.length.toLocaleString("en-GB")} chosen at random are shown.` : ""}</p>
    <${Legend} counts=${sorted} shown=${(name) => !hidden.includes(name)} toggle=${toggle} />
    <${Scatter} points=${points} chosen=${chosen} around=${around} press=${press} />
    <div class="spread"><div role="status"><h2>${chosen ? `${chosen.length} in the loop` : `All ${list.length.toLocaleString("en-GB")}`}</h2></div>
      ${chosen && html`<button type="button" onClick=${() => setChosen(null)}>Show all</button>`}</div>
    <${RecordList} ids=${list} label="Memories of the map" /></div>`;
}
