/** The page: asks who is there, then shows the memory or the door. */
import { html, render, useEffect, useState } from "./base/html.js";
import { get, signedOut } from "./base/api.js";
import { App } from "./app.js";
import { SignIn } from "./signin.js";
import { Trouble } from "./base/trouble.js";

const tabs = new BroadcastChannel("sensorium"); // the tabs of a browser share one cookie
/** Who is signed in, as this tab knows it. @type {string|null} */
let owner = null;

/** Modules hold edits, signals and more of an owner: only a new page is without them. */
const forget = () => location.reload();

tabs.onmessage = ({ data }) => { if (data !== owner) forget(); };

function Page() {
  const [session, setSession] = useState(undefined);
  const [error, setError] = useState(null);
  const entered = (found) => {
    owner = found.owner;
    tabs.postMessage(owner);
    setSession(found);
  };
  const enter = () => get("/v1/session").then(entered, (problem) => (problem.status === 401 ? setSession(null) : setError(problem)));
  useEffect(() => {
    const out = () => {
      if (owner === null) return setSession(null);
      tabs.postMessage(null);
      return forget();
    };
    signedOut.addEventListener("out", out);
    enter();
    return () => signedOut.removeEventListener("out", out);
  }, []);
  if (error) return html`<main><${Trouble} error=${error} /></main>`;
  if (session === undefined) return html`<p class="waiting">Opening the memory…</p>`;
  return session ? html`<${App} session=${session} />` : html`<${SignIn} entered=${enter} />`;
}

const place = document.getElementById("page");
place.replaceChildren();
render(html`<${Page} />`, place);
