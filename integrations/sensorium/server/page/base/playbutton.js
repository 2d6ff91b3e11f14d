/** Play and stop a sound; only one sounds at a time. */
import { html, useEffect, useState } from "./html.js";
import { mediumUrl, previewUrl } from "./api.js";
import { Icon } from "./icon.js";

/** @type {HTMLAudioElement|null} */
let sounding = null;

/** Start a sound and stop the one before. @param {HTMLAudioElement} audio */
export function start(audio) {
  if (sounding && sounding !== audio) sounding.pause();
  sounding = audio;
  return audio.play();
}

/** A medium's own file, or what the server makes of it where the browser cannot play it. */
export function audioOf(digest) {
  const audio = new Audio(mediumUrl(digest));
  audio.preload = "none";
  audio.addEventListener("error", () => {
    if (!audio.src.includes("/v1/previews/")) audio.src = previewUrl(digest);
  });
  return audio;
}

/** @param {{digest: string, name: string}} props */
export function PlayButton({ digest, name }) {
  const [audio] = useState(() => audioOf(digest));
  const [on, setOn] = useState(false);
  useEffect(() => {
    const changed = () => setOn(!audio.paused && !audio.ended);
    for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, changed);
    return () => audio.pause();
  }, []);
  return html`<button type="button" class="square" aria-label="${on ? "Stop" : "Play"} ${name}"
    onClick=${() => (on ? audio.pause() : start(audio).catch(() => null))}><${Icon} name=${on ? "pause" : "play"} /></button>`;
}
