/** What happens in the memory while the page is open. */
import { useEffect } from "./html.js";

const KINDS = ["message", "remembered", "updated", "forgotten", "missed"];
const happenings = new EventTarget();
/** @type {EventSource|null} */
let source = null;

/** Listen to the server; a lost connection is taken up again by the browser. */
export function connect() {
  disconnect();
  source = new EventSource("/v1/events");
  const heard = (event) => {
    let detail;
    try {
      detail = JSON.parse(event.data);
    } catch {
      return; // no event of ours
    }
    for (const one of [detail].flat()) happenings.dispatchEvent(new CustomEvent("happening", { detail: { kind: event.type, ...one } }));
  };
  for (const kind of KINDS) source.addEventListener(kind, heard);
}

export function disconnect() {
  source?.close();
  source = null;
}

/** @param {(happening: {kind: string, id: string|null}) => void} heard @param {unknown[]} [inputs] */
export function useHappenings(heard, inputs = []) {
  useEffect(() => {
    const listen = (event) => heard(event.detail);
    happenings.addEventListener("happening", listen);
    return () => happenings.removeEventListener("happening", listen);
  }, inputs);
}
