/** Which view is shown: the part of the address after #. */
import { useEffect, useState } from "./html.js";

/** @returns {{view: string, id: string, search: URLSearchParams}} */
function current() {
  const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  let id = rest.join("/");
  try {
    id = decodeURIComponent(id);
  } catch {
    // an address that a person mistyped: no record has this id, and the view says so
  }
  return { view: view || "ask", id, search: new URLSearchParams(search ?? "") };
}

export function useRoute() {
  const [route, setRoute] = useState(current);
  useEffect(() => {
    const changed = () => setRoute(current());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

/** @param {string} id */
export const recordAddress = (id) => `#/record/${encodeURIComponent(id)}`;

/** @param {string} address */
export const go = (address) => {
  location.hash = address;
};
