/** The box of a question: its ingredients as chips, words, files, microphone and camera. */
import { html, useRef, useState } from "../base/html.js";
import { Chip } from "./chip.js";
import { Icon } from "../base/icon.js";
import { MicrophoneButton } from "./microphone.js";
import { CameraButton } from "./camera.js";
import { fileIngredient, split, wordsIngredient } from "./question.js";

export function Composer({ question, ask, setQuestion }) {
  const [over, setOver] = useState(false);
  const chooser = useRef(null);
  const box = useRef(null);
  const { ingredients, words } = question;

  const addFiles = (files) => files.length && ask({ ingredients: [...ingredients, ...Array.from(files, fileIngredient)] });
  const send = (event) => {
    event.preventDefault();
    const parts = split(words);
    if (parts.length > 1) ask({ words: "", ingredients: [...ingredients, ...parts.map(wordsIngredient)] });
    else ask({});
  };
  const addWords = () => {
    if (words.trim()) ask({ words: "", ingredients: [...ingredients, ...split(words).map(wordsIngredient)] });
    box.current.focus();
  };
  const replace = (changed) => ask({ ingredients: ingredients.map((one) => (one.key === changed.key ? changed : one)) });
  const remove = (key) => {
    const gone = ingredients.find((one) => one.key === key);
    if (gone?.url) URL.revokeObjectURL(gone.url);
    ask({ ingredients: ingredients.filter((one) => one.key !== key) });
    box.current.focus();
  };
  const pressed = (event) => {
    if (event.key === "Backspace" && !words && ingredients.length) remove(ingredients[ingredients.length - 1].key);
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    addFiles(event.dataTransfer.files);
  };
  const paste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    addFiles(event.clipboardData.files);
  };
  return html`<form class="composer ${over ? "over" : ""}" role="search" onSubmit=${send} onPaste=${paste} onDrop=${drop}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}>
    ${ingredients.length > 0 && html`<ul class="chips" aria-label="What is asked">
      ${ingredients.map((one, place) => html`<${Chip} key=${one.key} ingredient=${one} first=${place === 0} replace=${replace} remove=${remove} />`)}
    </ul>`}
    <div class="typing">
      <input ref=${box} type="search" name="words" autofocus aria-label="Words to ask with" autocomplete="off"
        placeholder=${ingredients.length ? "and words, if you like" : "Words, or drop any file"} value=${words}
        onInput=${(event) => setQuestion((old) => ({ ...old, words: event.target.value, ...(event.target.value.trim() ? {} : { asked: old.asked + 1, answer: undefined }) }))} onKeyDown=${pressed} />
      ${words.trim() && html`<button type="button" class="plain plus" title="Keep these words and add something to them" onClick=${addWords}><${Icon} name="add" /><span>add more</span></button>`}
      <input ref=${chooser} class="hidden" type="file" multiple tabindex="-1" aria-label="Files to ask with"
        onChange=${(event) => { addFiles(event.target.files); event.target.value = ""; }} />
      <button type="button" class="plain square" aria-label="Ask with files" title="Ask with files" onClick=${() => chooser.current.click()}><${Icon} name="file" /></button>
      <${MicrophoneButton} taken=${(file) => addFiles([file])} />
      <${CameraButton} taken=${(file) => addFiles([file])} />
      <button class="first"><${Icon} name="search" /><span>Ask</span></button>
    </div>
  </form>`;
}
