/** A video, at the moment that matched. */
import { html, useEffect, useRef, useState } from "../base/html.js";
import { mediumUrl, previewUrl } from "../base/api.js";
import { Icon } from "../base/icon.js";
import { lasting } from "../base/times.js";

/** @param {{medium: import("../base/types.js").Medium, span: number[]|null, name: string}} props */
export function Film({ medium, span, name }) {
  const view = useRef(null);
  const [failed, setFailed] = useState(false);
  const moment = span ?? null;
  const poster = previewUrl(medium.digest, { size: 480, ...(moment ? { start: moment[0], end: moment[1] } : {}) });
  useEffect(() => {
    if (moment && view.current) view.current.currentTime = moment[0];
  }, [moment?.[0]]);
  if (failed) return html`<img class="picture" src=${poster} alt="Frames of the video: ${name}" />
    <p class="soft small">This browser does not play ${medium.mime ?? "this kind of video"}. <a href=${mediumUrl(medium.digest)} download>Save the file</a></p>`;
  const source = mediumUrl(medium.digest) + (moment ? `#t=${moment[0]},${moment[1]}` : "");
  return html`<video class="picture" ref=${view} controls preload="metadata" poster=${poster} src=${source} aria-label="Video: ${name}" onError=${() => setFailed(true)}></video>
    ${moment && html`<button type="button" class="plain" onClick=${() => { view.current.currentTime = moment[0]; view.current.play().catch(() => null); }}>
      <${Icon} name="play" />From ${lasting(moment[0])}</button>`}`;
}
