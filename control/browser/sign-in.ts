/** Signing in: the token goes into the body of one call, and never into an address or the page's storage. */
import { SESSION_PATH } from './contract.js';
import { byId, setText } from './dom.js';

const form = byId('form', HTMLFormElement);
const token = byId('token', HTMLInputElement);
const wrong = byId('wrong', HTMLElement);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn();
});
token.focus();

async function signIn(): Promise<void> {
  setText(wrong, '');
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ token: token.value });
  try {
    const answer = await fetch(SESSION_PATH, { method: 'POST', headers, body });
    if (answer.ok) return location.reload();
    setText(wrong, answer.status === 401 ? 'That is not the token.' : `The answer was ${answer.status}.`);
  } catch {
    setText(wrong, 'Reveille does not answer.');
  }
  token.select();
}
