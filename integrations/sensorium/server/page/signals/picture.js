/** A picture: small in a list, whole on its record. */
import { html, useState } from "../base/html.js";
import { mediumUrl, previewUrl } from "../base/api.js";

/** @param {{medium: import("../base/types.js").Medium, name: string, large: boolean}} props */
export function Picture({ medium, name, large }) {
  const [whole, setWhole] = useState(large); // formats that no browser knows have a preview still
  const source = whole ? mediumUrl(medium.digest) : previewUrl(medium.digest, { size: large ? 1024 : 480 });
  return html`<img class="picture" src=${source} alt="Picture: ${name}" loading="lazy" onError=${() => whole && setWhole(false)} />`;
}
