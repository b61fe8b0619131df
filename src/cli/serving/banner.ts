/** What a start shows: where everything is, and at the very first one the credentials and a call to each API. */
import type { Sample } from '../../app/create-app.ts';
import type { NewOrganization } from '../../core/directory/organization-lifecycle.ts';
import type { Place } from '../directory-location.ts';
import { bold, dim, pairs } from '../layout.ts';

export interface BannerFacts {
  /** Where the server answers on this machine. */
  readonly url: string;
  readonly place: Place;
  /** The folder with the ledger of erasures; null where none is kept. */
  readonly ledgerFolder: string | null;
  /** Milliseconds from the start of the process. */
  readonly readyMs: number;
  /** Null but for the start that made it. */
  readonly made: NewOrganization | null;
  readonly samples: readonly Sample[];
}

export function renderBanner({ url, place, ledgerFolder, readyMs, made, samples }: BannerFacts): string {
  const head = bold(`Roster is ready in ${readyMs} ms`);
  const places = pairs([
    ['Address', url],
    ['Reference', `${url}/docs`],
    [place.kind, place.at],
    ...(place.at === ledgerFolder ? [] : [['Ledger of erasures', ledgerFolder ?? 'none'] as const]),
  ]);
  if (made === null) return framed([head, places]);
  const { organization, app, appKey, clientSecret, apiKey } = made;
  return framed([
    head,
    places,
    `${bold('Credentials')}, shown now and never again`,
    pairs([
      ['Organization', `${organization.id}  ${organization.name}`],
      ['API key', `${apiKey}  (role admin)`],
      ['App', app.id],
      ['App key', appKey],
      ['Client secret', clientSecret],
    ]),
    `${bold('Paste this')} before lines that name them, such as those of the README`,
    `export API_KEY=${apiKey} APP_ID=${app.id} APP_KEY=${appKey} CLIENT_SECRET=${clientSecret}`,
    `${bold('Try it')}, one call to each API`,
    ...samples.map((sample) => `${dim(`# ${sample.title}`)}\n${curlLine(url, sample)}`),
  ]);
}

/** The call as a line to paste into a shell. */
function curlLine(url: string, { path, bearer, basicUser, json }: Sample): string {
  return [
    'curl',
    ...(bearer === undefined ? [] : ['-H', quoted(`Authorization: Bearer ${bearer}`)]),
    ...(basicUser === undefined ? [] : ['-u', quoted(`${basicUser}:`)]),
    ...(json === undefined
      ? []
      : ['-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(json))]),
    quoted(`${url}${path}`),
  ].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Parts with an empty line between them, a little to the right; lines to be pasted included. */
function framed(parts: readonly string[]): string {
  const lines = parts.join('\n\n').split('\n');
  return ['', ...lines.map((line) => (line === '' ? '' : `  ${line}`)), ''].join('\n');
}
