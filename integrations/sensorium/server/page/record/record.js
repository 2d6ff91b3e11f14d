/** One memory: all that is known of it and where that came from, its neighbours, and what can be done with it. */
import { html, useState } from "../base/html.js";
import { Cards } from "../ask/answers.js";
import { get, pathOf } from "../base/api.js";
import { EditForm } from "./edit.js";
import { Facts } from "./facts.js";
import { Findings } from "../signals/findings.js";
import { ForgetDialog } from "./forget.js";
import { useFetched } from "../base/fetched.js";
import { Icon } from "../base/icon.js";
import { MediumView } from "../signals/medium.js";
import { wordOf } from "../base/modalities.js";
import { idIngredient } from "../ask/question.js";
import { go } from "../base/route.js";
import { when } from "../base/times.js";
import { titleOf } from "../base/titles.js";
import { Trouble } from "../base/trouble.js";
import { UndoButton } from "../base/undo.js";

const NEIGHBOURS = 9;

/** The memories that are most like it. */
function Neighbours({ record, like, include }) {
  const { value, error, waiting } = useFetched(
    (signal) => get(`/v1/similar/${encodeURIComponent(record.id)}?limit=${NEIGHBOURS + 1}`, signal), [record.id]);
  const hits = (value?.hits ?? []).filter((hit) => hit.record.id !== record.id).slice(0, NEIGHBOURS);
  return html`<section aria-label="Neighbours"><h2>Most like it</h2>
    <${Trouble} error=${error} />
    ${waiting && !value && html`<p class="soft">Looking…</p>`}
    ${value && !hits.length && html`<p class="soft">There is nothing else yet.</p>`}
    <${Cards} hits=${hits} like=${like} include=${include} />
  </section>`;
}

function Media({ record, title }) {
  return record.media.filter((medium) => medium.modality !== "text").map((medium) =>
    html`<div class="large" key=${medium.digest}><${MediumView} medium=${medium} name=${title} large=${true} /></div>`);
}

export function RecordView({ route, session, setQuestion }) {
  const [changes, setChanges] = useState(0);
  const [editing, setEditing] = useState(false);
  const [forgetting, setForgetting] = useState(false);
  const { value: record, error } = useFetched((signal) => get(pathOf(route.id), signal), [route.id, changes]);
  if (error) return html`<h1>This memory cannot be shown</h1><${Trouble} error=${error} /><a class="button" href="#/ask">Back to the question</a>`;
  if (!record) return html`<p class="waiting">Opening…</p>`;
  const may = (right) => session.rights.includes(right);
  const title = titleOf(record);
  const ask = (ingredients) => {
    setQuestion((old) => ({ ...old, words: "", ingredients: ingredients(old), answer: undefined, asked: old.asked + 1 }));
    go("#/ask");
  };
  const like = (one) => ask(() => [idIngredient(one.id, titleOf(one), one.modalities[0])]);
  const include = (one) => ask((old) => [...old.ingredients, idIngredient(one.id, titleOf(one), one.modalities[0])]);
  const saved = () => { setEditing(false); setChanges((old) => old + 1); };
  return html`
    <div class="row"><button type="button" class="plain" onClick=${() => history.back()}><${Icon} name="back" />Back</button></div>
    <article class="panel record">
      <header><h1><bdi>${title}</bdi></h1>
        <p class="soft">${record.modalities.map(wordOf).join(", ")} · <time datetime=${record.at}>${when(record.at)}</time>${record.shared && html` · shared by <bdi>${record.owner}</bdi>`}</p></header>
      <${Media} record=${record} title=${title} />
      ${editing ? html`<${EditForm} record=${record} saved=${saved} leave=${() => setEditing(false)} />`
        : record.text && html`<section aria-label="Text"><p class="words text" dir="auto" tabindex=${record.text.length > 2000 ? 0 : undefined}>${record.text}</p></section>`}
      <${Findings} findings=${record.findings} all=${true} />
      <div class="row">
        <button type="button" onClick=${() => like(record)}><${Icon} name="like" />More like this</button>
        <button type="button" onClick=${() => include(record)}><${Icon} name="add" />Add to the question</button>
        <a class="button" href=${`#/sort?id=${encodeURIComponent(record.id)}`}><${Icon} name="sort" />Sort it</a>
        <a class="button" href=${`#/timeline?at=${encodeURIComponent(record.at)}`}><${Icon} name="time" />What was around</a>
        ${may("write") && !record.shared && !editing && html`<button type="button" onClick=${() => setEditing(true)}><${Icon} name="edit" />Edit</button>`}
        <${UndoButton} id=${record.id} done=${() => setChanges((old) => old + 1)} />
        ${may("forget") && !record.shared && html`<button type="button" onClick=${() => setForgetting(true)}><${Icon} name="forget" />Forget…</button>`}
      </div>
      <${Facts} record=${record} />
    </article>
    ${forgetting && html`<${ForgetDialog} record=${record} rights=${session.rights} leave=${() => setForgetting(false)}
      gone=${(whole) => (whole ? go("#/ask") : saved())} forgotten=${(id) => setQuestion((old) => withoutRecord(old, id))} />`}
    <${Neighbours} record=${record} like=${like} include=${include} />`;
}

/** A question and its answer without a record that is gone. */
function withoutRecord(question, id) {
  const answer = question.answer && { ...question.answer, hits: question.answer.hits.filter((hit) => hit.record.id !== id) };
  return { ...question, answer, ingredients: question.ingredients.filter((one) => one.id !== id) };
}
