/** A sound as its waveform, with the stretch that matched lit and played from there. */
import { html, useEffect, useState } from "../base/html.js";
import { mediumUrl, signalOf } from "../base/api.js";
import { useCanvas } from "../base/canvas.js";
import { useFetched } from "../base/fetched.js";
import { Icon } from "../base/icon.js";
import { audioOf, start } from "../base/playbutton.js";
import { colour } from "../base/theme.js";
import { lasting } from "../base/times.js";

const STEP = 1; // seconds that an arrow key moves

/** Draw the envelope; what lies within `lit` in another colour, on a band. */
function drawWave(context, width, height, canvas, { low, high }, duration, lit, now) {
  const middle = height / 2;
  const loudest = Math.max(...high.map(Math.abs), ...low.map(Math.abs), 1e-9);
  const x = (seconds) => (duration ? (seconds / duration) * width : 0);
  if (lit) {
    context.fillStyle = colour(canvas, "--lit-wash");
    context.fillRect(x(lit[0]), 0, Math.max(2, x(lit[1]) - x(lit[0])), height);
  }
  const plain = colour(canvas, "--soft");
  const bright = colour(canvas, "--lit");
  const step = width / high.length;
  for (let i = 0; i < high.length; i += 1) {
    const at = (i / high.length) * duration;
    context.fillStyle = lit && at >= lit[0] && at <= lit[1] ? bright : plain;
    const top = middle - (high[i] / loudest) * middle * 0.95;
    const foot = middle - (low[i] / loudest) * middle * 0.95;
    context.fillRect(i * step, top, Math.max(1, step * 0.8), Math.max(1, foot - top));
  }
  context.fillStyle = colour(canvas, "--ink");
  context.fillRect(x(now) - 1, 0, 2, height);
}

/** The state of a sound that can be started, stopped and moved in. */
function usePlayer(digest, lit) {
  const [audio] = useState(() => audioOf(digest));
  const [state, setState] = useState({ on: false, now: lit?.[0] ?? 0, end: null, failed: false });
  useEffect(() => {
    let frame = 0;
    const follow = () => {
      setState((old) => {
        if (old.end !== null && audio.currentTime >= old.end) {
          audio.pause();
          return { ...old, now: old.end };
        }
        return { ...old, now: audio.currentTime };
      });
      if (!audio.paused) frame = requestAnimationFrame(follow);
    };
    const began = () => { setState((old) => ({ ...old, on: true })); follow(); };
    const stopped = () => setState((old) => ({ ...old, on: false }));
    audio.addEventListener("play", began);
    audio.addEventListener("pause", stopped);
    audio.addEventListener("ended", stopped);
    return () => { cancelAnimationFrame(frame); audio.pause(); };
  }, []);
  const play = (from, end = null) => {
    setState((old) => ({ ...old, now: from, end }));
    audio.currentTime = from;
    start(audio).catch(() => setState((old) => ({ ...old, failed: true })));
  };
  const move = (to) => {
    setState((old) => ({ ...old, now: to, end: null }));
    audio.currentTime = to;
  };
  return { ...state, play, move, stop: () => audio.pause() };
}

/** @param {{medium: import("../base/types.js").Medium, span: number[]|null, name: string}} props */
export function Waveform({ medium, span, name }) {
  const { value: wave, error } = useFetched(() => signalOf(medium.digest), [medium.digest]);
  const duration = wave?.duration ?? medium.duration ?? 0;
  const lit = span && duration && span[1] - span[0] < 0.98 * duration ? span : null;
  const player = usePlayer(medium.digest, lit);
  const canvas = useCanvas((context, width, height, element) => {
    if (wave?.high?.length) drawWave(context, width, height, element, wave, duration, lit, player.now);
  }, [wave, player.now, lit?.[0], lit?.[1]]);
  const seek = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    player.move(((event.clientX - box.left) / box.width) * duration);
  };
  const pressed = (event) => {
    const moves = { ArrowLeft: player.now - STEP, ArrowRight: player.now + STEP, Home: 0, End: duration };
    if (!(event.key in moves)) return;
    event.preventDefault();
    player.move(Math.max(0, Math.min(duration, moves[event.key])));
  };
  return html`<div class="sound">
    <canvas ref=${canvas} class="wave" tabindex="0" role="slider" aria-label="Place in the sound ${name}" aria-valuemin="0"
      aria-valuemax=${duration.toFixed(1)} aria-valuenow=${player.now.toFixed(1)} aria-valuetext=${lasting(player.now)} onClick=${seek} onKeyDown=${pressed}></canvas>
    <div class="row">
      ${player.on ? html`<button type="button" onClick=${player.stop}><${Icon} name="pause" />Stop</button>`
        : html`${lit && html`<button type="button" onClick=${() => player.play(lit[0], lit[1])}><${Icon} name="play" />Play the match</button>`}
          <button type="button" class=${lit ? "plain" : ""} onClick=${() => player.play(lit ? 0 : player.now >= duration - 0.05 ? 0 : player.now)}><${Icon} name="play" />${lit ? "Play all" : "Play"}</button>`}
      <span class="soft small">${lasting(player.now)} of ${lasting(duration)}</span>
      ${(player.failed || error) && html`<span class="small">${error ? "Its waveform cannot be drawn. " : "This browser does not play it. "}<a href=${mediumUrl(medium.digest)} download>Save the file</a></span>`}
    </div>
  </div>`;
}
