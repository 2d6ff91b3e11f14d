/** One line at the foot of the page that says what was done, and takes it back. */
import { html, useEffect, useState } from "./html.js";
import { Icon } from "./icon.js";

const SECONDS = 8; // that a line stays
const lines = new EventTarget();

/** @param {string} text @param {(() => void)|null} [undo] */
export function say(text, undo = null) {
  lines.dispatchEvent(new CustomEvent("say", { detail: { text, undo } }));
}

export function Saying() {
  const [line, setLine] = useState(null);
  useEffect(() => {
    const heard = (event) => setLine(event.detail);
    lines.addEventListener("say", heard);
    return () => lines.removeEventListener("say", heard);
  }, []);
  useEffect(() => {
    if (!line) return undefined;
    const timer = setTimeout(() => setLine(null), SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [line]);
  const undo = () => {
    setLine(null);
    line.undo();
  };
  return html`<div role="status" aria-live="polite">
    ${line && html`<div class="said"><span class="words">${line.text}</span>
      ${line.undo && html`<button type="button" onClick=${undo}><${Icon} name="undo" />Undo</button>`}
      <button type="button" class="square" aria-label="Close this message" onClick=${() => setLine(null)}><${Icon} name="close" /></button>
    </div>`}
  </div>`;
}
