/** Ask: one box for words, files, sounds and pictures, and the answers. */
import { html, useEffect, useState } from "../base/html.js";
import { Answers } from "./answers.js";
import { Composer } from "./composer.js";
import { FilterBar } from "./filterbar.js";
import { Examples } from "./examples.js";
import { Trouble } from "../base/trouble.js";
import { needsUnits } from "./looking.js";
import { idIngredient, isBlank, looked, recall } from "./question.js";
import { titleOf } from "../base/titles.js";

/** @param {{question: any, setQuestion: (change: any) => void}} props */
export function Ask({ question, setQuestion }) {
  const [answer, setAnswer] = useState(question.answer ?? null);
  const [error, setError] = useState(null);
  const [waiting, setWaiting] = useState(false);
  const change = (fields) => setQuestion((old) => ({ ...old, ...fields, asked: old.asked + 1 }));

  useEffect(() => {
    if (isBlank(question)) {
      setAnswer(null);
      setError(null);
      return undefined;
    }
    if (question.answer) return undefined; // back from another view
    const cancel = new AbortController();
    setWaiting(true);
    const answered = async () => {
      const ingredients = await Promise.all(question.ingredients.map(looked));
      if (cancel.signal.aborted) return;
      setError(null);
      if (ingredients.some((one) => needsUnits(one.look))) {
        setAnswer(null);
        setQuestion((old) => ({ ...old, ingredients }));
        return;
      }
      const found = await recall(question, cancel.signal);
      setAnswer(found);
      setQuestion((old) => ({ ...old, ingredients, answer: found }));
    };
    answered()
      .catch((problem) => cancel.signal.aborted || (setError(problem), setAnswer(null)))
      .finally(() => cancel.signal.aborted || setWaiting(false));
    return () => cancel.abort();
  }, [question.asked]);

  const ask = (fields) => change({ answer: undefined, ...fields });
  const include = (record) => ask({ ingredients: [...question.ingredients, idIngredient(record.id, titleOf(record), record.modalities[0])] });
  const like = (record) => {
    ask({ words: "", ingredients: [idIngredient(record.id, titleOf(record), record.modalities[0])] });
    scrollTo(0, 0);
  };
  const blank = isBlank(question);
  return html`
    <h1 class=${blank ? "" : "hidden"}>What do you want to find?</h1>
    <${Composer} question=${question} ask=${ask} setQuestion=${setQuestion} />
    ${!blank && html`<${FilterBar} filters=${question.filters} change=${(filters) => ask({ filters })} />`}
    <${Trouble} error=${error} />
    ${blank && html`<${Examples} include=${include} />`}
    ${!blank && html`<${Answers} answer=${answer} waiting=${waiting} question=${question} like=${like} include=${include} />`}`;
}
