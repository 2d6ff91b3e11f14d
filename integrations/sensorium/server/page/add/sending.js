/** Send a file to be remembered, and say how far it is. */
import { Problem, read } from "../base/api.js";

export const TOGETHER = 2; // files on their way at once

/**
 * @param {{file: File, name: string, units: Record<string, unknown>, look: any, key: number}} entry
 * @param {string[]} tags @param {(share: number) => void} progress
 * @returns {Promise<{records: {id: string, status: string}[], failed: {media: number, error: string}[]}>} a document becomes many
 */
export function send(entry, tags, progress) {
  const form = new FormData();
  const units = Object.keys(entry.units).length ? { modality: entry.look?.modality ?? undefined, ...entry.units } : null;
  form.append("about", JSON.stringify({ tags, source: entry.name, units: [units] }));
  form.append("media", entry.file, entry.file.name || "pasted");
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
    request.open("POST", "/v1/memories");
    request.setRequestHeader("X-Sensorium", "1");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onerror = () => failed(new Problem(0, { detail: "The connection was lost.", remedy: "Try again." }));
    request.onload = () => {
      try {
        const { records, failed: refused } = read(request.status, request.responseText);
        if (records.length) done({ records, failed: refused });
        else failed(new Problem(422, { detail: refused[0]?.error ?? "It was not remembered." }));
      } catch (problem) {
        failed(problem);
      }
    };
    request.send(form);
  });
}
