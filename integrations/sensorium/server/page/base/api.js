/** Requests to the server that served this page. */

/** What the server refused, with what can be done about it. */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body */
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.remedy = body.remedy || "";
    this.code = body.code || "";
  }
}

export const signedOut = new EventTarget();

/**
 * @param {string} method @param {string} path
 * @param {{json?: unknown, form?: FormData, signal?: AbortSignal, headers?: Record<string, string>}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, { json, form, signal, headers } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (method !== "GET") sent["X-Sensorium"] = "1";
  if (json !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method, signal, headers: sent, credentials: "same-origin",
      body: json === undefined ? form : JSON.stringify(json),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The server does not answer.", remedy: "Look whether sensorium serve still runs, then try again." });
  }
  return read(answer.status, await answer.text());
}

/** @param {number} status @param {string} body */
export function read(status, body) {
  let parsed = {};
  try {
    parsed = body ? JSON.parse(body) : {};
  } catch {
    parsed = {};
  }
  if (status >= 200 && status < 300) return parsed;
  if (status === 401) signedOut.dispatchEvent(new Event("out"));
  throw new Problem(status, typeof parsed === "object" && parsed ? parsed : {});
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => call("GET", path, { signal });

/** An id is any text; nothing follows it in a path. @param {string} id */
export const pathOf = (id) => `/v1/memories/${encodeURIComponent(id)}`;

/**
 * @param {Record<string, unknown>} fields
 * @returns {string} "?a=1&b=2", lists repeated, what is empty left out
 */
export function query(fields) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const one of [value].flat())
      if (one !== undefined && one !== null && one !== "") search.append(name, String(one));
  const text = search.toString();
  return text && `?${text}`;
}

/** @param {string} digest */
export const mediumUrl = (digest) => `/v1/media/${encodeURIComponent(digest)}`;

/** @param {string} digest @param {{start?: number, end?: number, size?: number}} [options] */
export const previewUrl = (digest, options = {}) => `/v1/previews/${encodeURIComponent(digest)}${query(options)}`;

const MOST_KEPT = 200; // signals; a card that scrolls back needs no request
/** @type {Map<string, Promise<any>>} */
const signals = new Map();

/** The samples of a medium, for drawing. @param {string} digest @param {number} [points] */
export function signalOf(digest, points = 800) {
  const path = `/v1/signals/${encodeURIComponent(digest)}?points=${points}`;
  let found = signals.get(path);
  if (!found) {
    found = get(path);
    signals.set(path, found);
    found.catch(() => signals.delete(path));
    if (signals.size > MOST_KEPT) signals.delete(signals.keys().next().value);
  }
  return found;
}
