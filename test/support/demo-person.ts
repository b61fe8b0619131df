/** A person at the demo provider, without a browser: goes where they are sent, decides, and comes back. */
import assert from 'node:assert/strict';

export interface Arrival {
  /** The last address. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Decides at the demo provider; what the page says that the person ends on. */
export async function visitDemo(
  authUrl: string,
  decision: 'allow' | 'deny' = 'allow',
  headers: Readonly<Record<string, string>> = {},
): Promise<Arrival> {
  const cookies = new Map<string, string>();
  const shown = await follow(authUrl, cookies, headers);
  assert.equal(shown.status, 200, shown.text);
  return follow(shown.url, cookies, headers, `decision=${decision}`);
}

/** Follows redirects with cookies, as a browser does. */
async function follow(
  start: string,
  cookies: Map<string, string>,
  headers: Readonly<Record<string, string>>,
  form?: string,
): Promise<Arrival> {
  let url = start;
  let body = form;
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        ...headers,
        cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    const text = await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) return { url, status: response.status, headers: response.headers, text };
    url = new URL(location, url).href;
    body = undefined;
  }
  throw new Error('it led round in a circle');
}
