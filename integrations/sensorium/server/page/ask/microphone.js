/** A button that records a sound, as a WAV file that every program reads. */
import { html, useEffect, useRef, useState } from "../base/html.js";
import { Icon } from "../base/icon.js";
import { say } from "../base/saying.js";

const LONGEST = 30; // seconds

/** 16-bit WAV of one channel. @param {Float32Array} samples @param {number} rate */
export function wav(samples, rate) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const letters = (at, text) => [...text].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  letters(0, "RIFF");
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  letters(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, 2 * rate, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  letters(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => bytes.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, sample)) * 0x7fff, true));
  return new File([bytes], `microphone ${new Date().toLocaleTimeString("en-GB")}.wav`, { type: "audio/wav" });
}

async function decoded(recorded) {
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await recorded.arrayBuffer());
  await context.close();
  return wav(sound.getChannelData(0), sound.sampleRate);
}

/** @param {{taken: (file: File) => void}} props */
export function MicrophoneButton({ taken }) {
  const [recorder, setRecorder] = useState(null);
  const timer = useRef(0);
  useEffect(() => () => recorder?.state === "recording" && recorder.stop(), [recorder]);
  const start = async () => {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      const made = new MediaRecorder(stream);
      made.ondataavailable = (event) => parts.push(event.data);
      made.onstop = async () => {
        clearTimeout(timer.current);
        stream.getTracks().forEach((track) => track.stop());
        setRecorder(null);
        taken(await decoded(new Blob(parts, { type: made.mimeType })));
      };
      made.start();
      timer.current = setTimeout(() => made.stop(), LONGEST * 1000);
      setRecorder(made);
    } catch (error) {
      say(`No microphone: ${error.message} Allow it for this page, or choose a file.`);
    }
  };
  const words = recorder ? "Stop, and ask with this sound" : "Ask with the microphone";
  return html`<button type="button" class="plain square ${recorder ? "recording" : ""}" aria-pressed=${recorder ? "true" : "false"}
    aria-label=${words} title=${words} onClick=${() => (recorder ? recorder.stop() : start())}><${Icon} name=${recorder ? "pause" : "mic"} /></button>`;
}
