/** Two maps of the memory: by meaning, and by place. */
import { html, useState } from "../base/html.js";
import { PlaceMap } from "./places.js";
import { MeaningMap } from "./meaning.js";

const MAPS = [["meaning", "By meaning"], ["places", "By place"]];

export function MapView() {
  const [map, setMap] = useState("meaning");
  return html`<h1>Map</h1>
    <div class="row tabs" role="group" aria-label="Which map">${MAPS.map(([name, word]) => html`<button type="button" aria-pressed=${map === name ? "true" : "false"} onClick=${() => setMap(name)}>${word}</button>`)}</div>
    ${map === "meaning" ? html`<${MeaningMap} />` : html`<${PlaceMap} />`}`;
}
