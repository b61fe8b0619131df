/**
 * The address of a PostgreSQL database, read as libpq reads it: one host or several, each with its port, and the session that is
 * wanted. The client library knows one host only, so each host gets an address of its own.
 */

/** What a server must be to be used: the one that takes changes, or one that follows it. */
export type ServerRole = 'leader' | 'standby';

export interface DatabaseAddress {
  /** Each host with its port, for people; an IPv6 address is in brackets. Never with the user or the password. */
  readonly hosts: readonly string[];
  readonly database: string;
  /** The address of each host alone, in the same order. */
  readonly urls: readonly string[];
  /** What `target_session_attrs` asks for; null where any server will do. */
  readonly role: ServerRole | null;
  /** Whether the hosts are tried in a random order (`load_balance_hosts=random`). */
  readonly isShuffled: boolean;
  /** How long one host may take to answer (`connect_timeout`); null where the address does not say. */
  readonly connectMs: number | null;
}

const roles: Readonly<Record<string, ServerRole | null>> = {
  any: null,
  'read-write': 'leader',
  primary: 'leader',
  'read-only': 'standby',
  standby: 'standby',
  'prefer-standby': 'standby',
};

/** The words of libpq, and `no-verify` of the client library: TLS with any certificate. */
const sslModes = new Set(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']);

/** The scheme, the user with the password, the hosts, the name of the database, the query. */
const form = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)\/([^/?#]+)(?:\?([^#]*))?$/i;
/** A name, an IPv4 address or the encoded path of a socket; or an IPv6 address. Then a port, which may be left out. */
const hostForm = /^(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s:[\]]+)(?::(\d{0,5}))?$/i;
const ownNames = ['host', 'port', 'target_session_attrs', 'load_balance_hosts', 'connect_timeout'];

/** Null where the text is not such an address. */
export function readDatabaseAddress(text: string): DatabaseAddress | null {
  const [, user, authority = '', database, query = ''] = form.exec(text) ?? [];
  if (database === undefined) return null;
  // In this form a plus sign is one, and no space.
  const asked = new URLSearchParams(query.replaceAll('+', '%2B'));
  const hosts = readHosts(authority, asked);
  const role = roles[asked.get('target_session_attrs') ?? 'any'];
  const order = asked.get('load_balance_hosts') ?? 'disable';
  const connectSeconds = asked.get('connect_timeout') ?? '0';
  if (hosts === null || role === undefined) return null;
  if (!sslModes.has(asked.get('sslmode') ?? 'prefer')) return null;
  if (!/^(disable|random)$/.test(order) || !/^\d{1,6}$/.test(connectSeconds)) return null;
  for (const name of ownNames) asked.delete(name);
  const rest = query === '' ? '' : `?${asked}`;
  const urls = hosts.map(
    (host) => `postgres://${user === undefined ? '' : `${user}@`}${host}/${database}${rest}`,
  );
  if (!urls.every((url) => URL.canParse(url))) return null;
  const connectMs = Number(connectSeconds) * 1_000 || null;
  return { hosts, database, urls, role, isShuffled: order === 'random', connectMs };
}

/** The hosts of the query replace those before the name of the database, as in libpq. One port serves all hosts. */
function readHosts(authority: string, asked: URLSearchParams): readonly string[] | null {
  const named = asked.get('host');
  const texts = named === null ? authority.split(',') : named.split(',').map(written);
  const ports = asked.get('port')?.split(',') ?? [];
  if (ports.length > 1 && ports.length !== texts.length) return null;
  const hosts = texts.map((text, at) => {
    const [, host, port = ''] = hostForm.exec(text) ?? [];
    const own = ports[ports.length === 1 ? 0 : at] ?? port;
    if (host === undefined || !/^\d*$/.test(own) || Number(own) > 65_535) return null;
    return own === '' ? host : `${host}:${Number(own)}`;
  });
  return hosts.every((host) => host !== null) ? hosts : null;
}

/** A host of the query as it is written in an address. */
function written(host: string): string {
  return host.includes(':') ? `[${host}]` : encodeURIComponent(host);
}
