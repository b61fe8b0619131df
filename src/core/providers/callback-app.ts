/** The app to which a callback belongs, for the page that shows its outcome. */
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import { digestOf, parseToken } from '../secret.ts';

/** The app of the user who was sent to the provider with that state; null where the state or the user is unknown. */
export async function findCallbackApp(core: Core, state: string): Promise<App | null> {
  const token = parseToken(state);
  if (token?.prefix !== 'oas') return null;
  return core.work.read(token.orgKey, async (tx) => {
    const attempt = await tx.attempts.find(digestOf(state));
    const user = attempt === null ? null : await tx.users.find({ id: attempt.userId });
    return user === null ? null : tx.apps.find(user.appId);
  });
}
