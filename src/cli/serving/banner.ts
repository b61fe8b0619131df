/** The text that a start prints: the addresses, and at the first start the credentials and one call to each API. */
import type { Sample } from '../../app/create-app.ts';
import type { NewOrganization } from '../../core/directory/organization-lifecycle.ts';
import type { DirectoryLocation } from '../directory-location.ts';
import { bold, pairs } from '../layout.ts';
import type { ConsoleLink } from './console-link.ts';

/** Where a person finds the credentials of the first organization. */
export type CredentialsPlace =
  | { readonly at: 'output' }
  | { readonly at: 'file'; readonly path: string }
  | { readonly at: 'nowhere' };

export interface BannerFacts {
  /** The address of the server on this machine. */
  readonly url: string;
  /** Whether the server has the reference page. */
  readonly hasReference: boolean;
  readonly location: DirectoryLocation;
  /** The folder with the ledger of erasures; null without a ledger. */
  readonly ledgerFolder: string | null;
  /** Whether the demo provider is off because several processes serve. */
  readonly isDemoMissing: boolean;
  /** The console, with the link of its first owner at the start that created it; null where it is off. */
  readonly console: { readonly link: ConsoleLink | null } | null;
  /** Milliseconds from the start of the process. */
  readonly readyMs: number;
  /** The first organization, at the start that created it; null at every other start. */
  readonly created: (NewOrganization & { readonly credentials: CredentialsPlace }) | null;
  readonly samples: readonly Sample[];
}

export function renderBanner({
  url,
  hasReference,
  location,
  ledgerFolder,
  isDemoMissing,
  console,
  readyMs,
  created,
  samples,
}: BannerFacts): string {
  const head = bold(`Roster is ready in ${readyMs} ms`);
  const addresses = pairs([
    ['Address', url],
    ...(console === null ? [] : [['Console', `${url}/console`] as const]),
    ...(hasReference ? [['Reference', `${url}/docs`] as const] : []),
    [location.kind, location.at],
    ...(location.at === ledgerFolder ? [] : [['Ledger of erasures', ledgerFolder ?? 'none'] as const]),
    ...(isDemoMissing ? [['Demo provider', 'off: it needs one process (ROSTER_WORKERS=1)'] as const] : []),
  ]);
  const link = console?.link ?? null;
  const intro = link === null ? [head, addresses] : [head, addresses, consoleLine(link)];
  if (created === null) return framed(intro);
  const { credentials, app, appKey, clientSecret, apiKey } = created;
  if (credentials.at !== 'output') return framed([...intro, placeOf(credentials)]);
  return framed([
    ...intro,
    `${bold('Credentials')}, shown now and never again`,
    credentialLines(created),
    `${bold('Paste this')} before the lines of the README: they use these variables`,
    `export API_KEY=${apiKey} APP_ID=${app.id} APP_KEY=${appKey} CLIENT_SECRET=${clientSecret}`,
    `${bold('Try it')}: one call to each API (${samples.map(({ title }) => title).join(', ')})`,
    ...samples.map((sample) => curlLine(url, sample)),
  ]);
}

/** Where the first owner sets up the access to the console. */
function consoleLine(link: ConsoleLink): string {
  const place = link.at === 'output' ? link.link : `the link in ${link.path}, which only its owner can read`;
  return `${bold('Set up the console')} as ${link.email}, once and within seven days:\n${place}`;
}

/** The first organization and its credentials, a line each. */
export function credentialLines({
  organization,
  app,
  appKey,
  clientSecret,
  apiKey,
}: NewOrganization): string {
  return pairs([
    ['Organization', `${organization.id}  ${organization.name}`],
    ['API key', `${apiKey}  (role admin)`],
    ['App', app.id],
    ['App key', appKey],
    ['Client secret', clientSecret],
  ]);
}

function placeOf(place: Exclude<CredentialsPlace, { at: 'output' }>): string {
  if (place.at === 'file') {
    return `${bold('Credentials')} are in ${place.path}, which only its owner can read.\nStore them where your secrets are, and delete the file.`;
  }
  return `${bold('Credentials')}: create an API key with \`roster key create\`, and an app key with \`roster app rotate\`.`;
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

/** The parts with an empty line between them, each line indented by two spaces. */
function framed(parts: readonly string[]): string {
  const lines = parts.join('\n\n').split('\n');
  return ['', ...lines.map((line) => (line === '' ? '' : `  ${line}`)), ''].join('\n');
}
