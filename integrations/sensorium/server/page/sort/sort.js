/** Sort: which of some labels a memory or a file fits, without any training. */
import { html, useEffect, useState } from "../base/html.js";
import { call, get, pathOf } from "../base/api.js";
import { Bars } from "./bars.js";
import { Icon } from "../base/icon.js";
import { Examples } from "../ask/examples.js";
import { MediumView } from "../signals/medium.js";
import { titleOf } from "../base/titles.js";
import { Trouble } from "../base/trouble.js";
import { needsUnits } from "../ask/looking.js";
import { fileIngredient, looked } from "../ask/question.js";
import { Chip } from "../ask/chip.js";

const FIRST_LABELS = ["a dog", "a cat", "a bird", "a vehicle", "water", "music", "someone walking"];
const FEWEST = 2; // labels

/** The request for what is sorted. */
function classify(subject, labels, signal) {
  if (subject.id) return call("POST", "/v1/classify", { json: { labels, id: subject.id }, signal });
  const form = new FormData();
  const about = { labels };
  if (subject.units && Object.keys(subject.units).length) about.units = subject.units;
  form.append("ask", JSON.stringify(about));
  form.append("media", subject.file, subject.file.name || "pasted");
  return call("POST", "/v1/classify", { form, signal });
}

function Labels({ labels, change }) {
  const [words, setWords] = useState("");
  const add = (event) => {
    event.preventDefault();
    const more = words.split(",").map((one) => one.trim()).filter((one) => one && !labels.includes(one));
    if (more.length) change([...labels, ...more]);
    setWords("");
  };
  return html`<form onSubmit=${add}><fieldset><legend>Labels</legend>
    <ul class="chips">${labels.map((label) => html`<li class="chip" key=${label}><span class="body"><bdi class="label">${label}</bdi>
      <button type="button" class="plain square" aria-label="Take out ${label}" onClick=${() => change(labels.filter((one) => one !== label))}><${Icon} name="close" /></button></span></li>`)}</ul>
    <div class="row"><input aria-label="Another label" placeholder="another label" value=${words} onInput=${(event) => setWords(event.target.value)} />
      <button><${Icon} name="add" />Add</button></div></fieldset></form>`;
}

/** The chosen memory or file, as far as it can be shown. */
function Subject({ subject, record, leave, replace }) {
  if (subject.file) return html`<ul class="chips"><${Chip} ingredient=${subject} first=${true} replace=${replace} remove=${leave} weighed=${false} /></ul>`;
  if (!record) return null;
  const title = titleOf(record);
  return html`<div class="spread"><h2><bdi>${title}</bdi></h2><button type="button" class="plain" onClick=${leave}>Choose another</button></div>
    ${record.media.filter((medium) => medium.modality !== "text").slice(0, 1).map((medium) => html`<${MediumView} medium=${medium} name=${title} />`)}
    ${record.text && record.text !== title && html`<p class="words quote" dir="auto">${record.text.slice(0, 400)}</p>`}`;
}

export function Sort({ route }) {
  const [labels, setLabels] = useState(FIRST_LABELS);
  const [subject, setSubject] = useState(() => (route.search.get("id") ? { id: route.search.get("id") } : null));
  const [record, setRecord] = useState(null);
  const [answer, setAnswer] = useState(null);
  const [error, setError] = useState(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    setRecord(null);
    if (subject?.id) get(pathOf(subject.id)).then(setRecord, setError);
  }, [subject?.id]);
  useEffect(() => {
    setError(null);
    if (!subject || labels.length < FEWEST) return setAnswer(null);
    const cancel = new AbortController();
    if (subject.file && !subject.look) {
      looked(subject).then((found) => cancel.signal.aborted || setSubject(found), setError);
      return () => cancel.abort();
    }
    if (needsUnits(subject.look)) return setAnswer(null);
    classify(subject, labels, cancel.signal).then(setAnswer, (problem) => cancel.signal.aborted || (setError(problem), setAnswer(null)));
    return () => cancel.abort();
  }, [subject, labels]);
  const take = (files) => files.length && setSubject(fileIngredient(files[0]));
  const drop = (event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); };
  return html`<h1>Sort</h1>
    <p class="soft">Write some labels, choose a memory or drop a file: the bars show what it is most like. Nothing was trained for these labels.</p>
    <div class="two">
      <section class="panel stack" aria-label="Labels and bars"><${Labels} labels=${labels} change=${setLabels} />
        ${labels.length < FEWEST && html`<p class="soft">Write at least two labels.</p>`}
        <${Trouble} error=${error} />
        ${answer && html`<${Bars} answer=${answer} />`}</section>
      <section class="panel stack drop ${over ? "over" : ""}" aria-label="What is sorted" onDrop=${drop} onDragLeave=${() => setOver(false)}
          onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onPaste=${(event) => take(event.clipboardData.files)}>
        ${subject ? html`<${Subject} subject=${subject} record=${record} leave=${() => { setSubject(null); setAnswer(null); }} replace=${setSubject} />`
          : html`<label class="button first pick"><${Icon} name="file" />Choose a file<input class="hidden" type="file" onChange=${(event) => take(event.target.files)} /></label>
            <${Examples} lead="Or press one of these:" include=${(one) => setSubject({ id: one.id })} />`}
      </section>
    </div>`;
}
