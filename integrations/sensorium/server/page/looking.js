/** What files would be, before anything is kept. */
import { call } from "./api.js";

const MOST = 20; // files looked at in one request

/** @param {File[]} files @param {(done: number) => void} [progress] @returns {Promise<import("./types.js").Look[]>} */
export async function lookAt(files, progress = () => {}) {
  const looks = [];
  for (let start = 0; start < files.length; start += MOST) {
    const form = new FormData();
    for (const file of files.slice(start, start + MOST)) form.append("media", file, file.name || "pasted");
    looks.push(...(await call("POST", "/v1/look", { form })).files);
    progress(looks.length);
  }
  return looks;
}
