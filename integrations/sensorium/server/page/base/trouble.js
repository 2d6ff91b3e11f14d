/** What went wrong, and what to do about it. */
import { html } from "./html.js";

/** @param {{error?: Error & {remedy?: string}}} props */
export function Trouble({ error }) {
  if (!error) return null;
  return html`<div class="trouble" role="alert">
    <p class="words">${error.message}</p>
    ${error.remedy && html`<p class="words soft">What helps: ${error.remedy}</p>`}
  </div>`;
}
