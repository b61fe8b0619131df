/** A person with a browser, without a real browser: opens the start page, presses, follows the redirects, and returns. */
import assert from 'node:assert/strict';

export interface Arrival {
  /** The last address. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The cookies of one browser, by name. Hosts are not told apart: all is on this machine. */
export type Jar = Map<string, string>;

/** A page of a browser with these cookies, without following a redirect. A form makes it a POST. */
export async function visit(
  url: string | URL,
  jar: Jar,
  ask: { readonly headers?: Readonly<Record<string, string>>; readonly form?: string } = {},
): Promise<Arrival> {
  const { form, headers = {} } = ask;
  const response = await fetch(url, {
    redirect: 'manual',
    headers: {
      ...headers,
      cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(form === undefined ? {} : { method: 'POST', body: form }),
  });
  const text = await response.text();
  for (const line of response.headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=', 2);
    if (value === '') jar.delete(name);
    else jar.set(name, value);
  }
  return { url: String(url), status: response.status, headers: response.headers, text };
}

/** Opens the start page and presses its button; the address of the provider. */
export async function pressStart(startUrl: string, jar: Jar): Promise<string> {
  const shown = await visit(startUrl, jar);
  assert.equal(shown.status, 200, shown.text);
  const pressed = await visit(startUrl, jar, { form: '' });
  assert.equal(pressed.status, 303, pressed.text);
  return new URL(pressed.headers.get('location') ?? '', startUrl).href;
}

/** Begins the flow, decides at the demo provider, and returns; the content of the last page. */
export async function visitDemo(
  startUrl: string,
  decision: 'allow' | 'deny' = 'allow',
  headers: Readonly<Record<string, string>> = {},
  jar: Jar = new Map(),
): Promise<Arrival> {
  const shown = await follow(await pressStart(startUrl, jar), jar, headers);
  assert.equal(shown.status, 200, shown.text);
  return follow(shown.url, jar, headers, `decision=${decision}`);
}

/** A person who is about to return. */
export interface Approach {
  /** The address of the callback, which is not requested yet. */
  readonly callback: URL;
  /** The browser. */
  readonly jar: Jar;
}

/** Begins the flow and allows at the demo provider, and stops before the callback. */
export async function approachDemo(startUrl: string, jar: Jar = new Map()): Promise<Approach> {
  return { callback: await allowDemo(await pressStart(startUrl, jar), jar), jar };
}

/** Allows at the demo provider, and stops before the callback. */
export async function allowDemo(address: string, jar: Jar): Promise<URL> {
  const shown = await follow(address, jar, {});
  assert.equal(shown.status, 200, shown.text);
  const isCallback = (url: string): boolean => new URL(url).pathname === '/connect/callback';
  return new URL((await follow(shown.url, jar, {}, 'decision=allow', isCallback)).url);
}

/** Follows redirects to the last page, or to the address to stop at. */
async function follow(
  start: string,
  jar: Jar,
  headers: Readonly<Record<string, string>>,
  form?: string,
  isEnd: (url: string) => boolean = () => false,
): Promise<Arrival> {
  let url = start;
  let body = form;
  for (let step = 0; step < 10; step += 1) {
    const arrival = await visit(url, jar, { headers, ...(body === undefined ? {} : { form: body }) });
    const location = arrival.headers.get('location');
    if (location === null) return arrival;
    url = new URL(location, url).href;
    body = undefined;
    if (isEnd(url)) return { ...arrival, url };
  }
  throw new Error('it led round in a circle');
}
