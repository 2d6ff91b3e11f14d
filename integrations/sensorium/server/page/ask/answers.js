/** The list of answers: what is meant first, what is probably unrelated folded away. */
import { html } from "../base/html.js";
import { Card } from "./card.js";
import { needsUnits } from "./looking.js";

const UNRELATED = "probably unrelated";

/**
 * Cards of hits, those that are probably unrelated behind a line that opens them.
 * @param {{hits: import("../base/types.js").Hit[], like: any, include: any}} props
 */
export function Cards({ hits, like, include }) {
  const meant = hits.filter((hit) => hit.certainty !== UNRELATED);
  const rest = hits.filter((hit) => hit.certainty === UNRELATED);
  const cards = (some) => html`<ol class="cards">${some.map((hit) =>
    html`<${Card} key=${hit.record.id} hit=${hit} like=${like} include=${include} />`)}</ol>`;
  const summary = meant.length ? `${rest.length} more that are probably unrelated` : "The nearest of all, probably unrelated";
  return html`${meant.length > 0 && cards(meant)}
    ${rest.length > 0 && html`<details open=${!meant.length}><summary>${summary}</summary>${cards(rest)}</details>`}`;
}

/** @param {{answer: any, waiting: boolean, question: any, like: any, include: any}} props */
export function Answers({ answer, waiting, question, like, include }) {
  if (!answer) return html`<p class="waiting" role="status">${waiting ? "Asking…" : question.ingredients.some((one) => needsUnits(one.look)) ? "Say what the numbers of the file mean, then it is asked with." : "Press Ask, or Enter."}</p>`;
  const asked = new Set(question.ingredients.map((one) => one.id));
  const hits = answer.hits.filter((hit) => !asked.has(hit.record.id)); // a record is always most like itself
  const meant = hits.filter((hit) => hit.certainty !== UNRELATED).length;
  const heading = meant === 1 ? "1 answer" : meant ? `${meant} answers` : hits.length ? "Nothing that is surely meant" : "Nothing was found";
  return html`<section class="answers" aria-label="Answers" aria-busy=${waiting ? "true" : "false"}>
    <div class="spread"><div role="status"><h2>${heading}</h2></div>
      ${answer.took_ms !== undefined && html`<span class="soft small">${Math.round(answer.took_ms)} ms</span>`}</div>
    ${[...(answer.notes ?? []), answer.summary].filter(Boolean).map((note) => html`<p class="soft words">${note}</p>`)}
    ${!hits.length && html`<p class="soft">Say it in other words, or remove a filter.</p>`}
    <${Cards} hits=${hits} like=${like} include=${include} />
  </section>`;
}
