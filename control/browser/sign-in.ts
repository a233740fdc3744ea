/** Signing in, or who may not and why. The token goes into the body of one call, and never into an address or the page's storage. */
import { SESSION_PATH, type SessionResult } from './contract.js';
import { byId, setText } from './dom.js';

const form = byId('form', HTMLFormElement);
const token = byId('token', HTMLInputElement);
const wrong = byId('wrong', HTMLElement);
const who = byId('who', HTMLElement);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn();
});
void begin();

/** The form where the token signs in here; who somebody is already, where they may not. */
async function begin(): Promise<void> {
  const answer = await fetch(SESSION_PATH).catch(() => undefined);
  const known = answer?.ok ? ((await answer.json()) as SessionResult) : undefined;
  form.hidden = known?.byToken === false;
  if (known?.user !== undefined) setText(who, `You are ${known.user}, who may not use this dashboard.`);
  else if (form.hidden) setText(who, 'Sign in where your other applications ask you to, and come back.');
  who.hidden = who.textContent === '';
  if (!form.hidden) token.focus();
}

async function signIn(): Promise<void> {
  setText(wrong, '');
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ token: token.value });
  try {
    const answer = await fetch(SESSION_PATH, { method: 'POST', headers, body });
    if (answer.ok) return location.reload();
    setText(wrong, refusal(answer));
  } catch {
    setText(wrong, 'Reveille does not answer.');
  }
  token.select();
}

function refusal({ status, headers }: Response): string {
  if (status === 401) return 'That is not the token.';
  if (status !== 429) return `The answer was ${status}.`;
  return `Too many wrong tokens were sent. Try again in ${headers.get('retry-after') ?? 'some'} seconds.`;
}
