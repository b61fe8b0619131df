/** A person at the demo provider, without a browser: follows the redirects, decides, and returns. */
import assert from 'node:assert/strict';

export interface Arrival {
  /** The last address. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Decides at the demo provider; the content of the last page. */
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

/** Allows at the demo provider, and stops before the callback: its address, which is not requested yet. */
export async function approachDemo(authUrl: string): Promise<URL> {
  const cookies = new Map<string, string>();
  const shown = await follow(authUrl, cookies, {});
  assert.equal(shown.status, 200, shown.text);
  const isCallback = (url: string): boolean => new URL(url).pathname === '/connect/callback';
  const { url } = await follow(shown.url, cookies, {}, 'decision=allow', isCallback);
  return new URL(url);
}

/** Follows redirects with cookies, like a browser, to the last page or to the address to stop at. */
async function follow(
  start: string,
  cookies: Map<string, string>,
  headers: Readonly<Record<string, string>>,
  form?: string,
  isEnd: (url: string) => boolean = () => false,
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
    if (isEnd(url)) return { url, status: response.status, headers: response.headers, text };
  }
  throw new Error('it led round in a circle');
}
