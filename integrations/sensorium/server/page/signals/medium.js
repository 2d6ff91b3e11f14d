/** A medium as it is best seen: each modality has its own view. */
import { html } from "../base/html.js";
import { Curves } from "./curves.js";
import { Film } from "./film.js";
import { Grid } from "./grid.js";
import { Picture } from "./picture.js";
import { Waveform } from "./waveform.js";

const VIEWS = { image: Picture, audio: Waveform, video: Film, depth: Grid, thermal: Grid, imu: Curves };

/** @param {{medium: import("../base/types.js").Medium, span?: number[]|null, name: string, large?: boolean}} props */
export function MediumView({ medium, span = null, name, large = false }) {
  const View = VIEWS[medium.modality];
  if (!View) return null;
  if (!medium.file) return html`<p class="soft small">The ${medium.modality} itself is not kept; what it means is.</p>`;
  return html`<div class="medium"><${View} key=${medium.digest} medium=${medium} span=${span} name=${name} large=${large} /></div>`;
}
