/** The page: asks who is there, then shows the memory or the door. */
import { html, render, useEffect, useState } from "./base/html.js";
import { get, signedOut } from "./base/api.js";
import { App } from "./app.js";
import { SignIn } from "./signin.js";
import { Trouble } from "./base/trouble.js";

function Page() {
  const [session, setSession] = useState(undefined);
  const [error, setError] = useState(null);
  const enter = () => get("/v1/session").then(setSession, (problem) => (problem.status === 401 ? setSession(null) : setError(problem)));
  useEffect(() => {
    const out = () => setSession(null);
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
