/**
 * The script of the page that asks for a new password, where the deployment wants a proof of work: it solves the
 * challenge in the form while the person types, and sends the form when both are done.
 */
import { type Challenge, type Solution, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';

const field = document.querySelector<HTMLInputElement>('input[name=challenge_answer]');
const form = field?.form;
if (field && form) {
  const challenge: Challenge = JSON.parse(atob(field.dataset['challenge'] ?? ''));
  // On plain http a browser has no Web Crypto. The server then asks again.
  const solving = solveChallenge({ challenge, deriveKey }).catch(() => null);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form, field, challenge, solving);
  });
}

/** `form.submit()` starts no second `submit` event. */
async function send(
  form: HTMLFormElement,
  field: HTMLInputElement,
  challenge: Challenge,
  solving: Promise<Solution | null>,
): Promise<void> {
  const solution = await solving;
  field.value = btoa(JSON.stringify({ challenge, solution }));
  form.submit();
}
