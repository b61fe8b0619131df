/**
 * The refusals that an operation may answer with, for the reference. A sample of every code is presented by the
 * contract itself; from these come the statuses, the examples and the schema of the envelope.
 */
import { DomainError, type ErrorCode, type RefusalDetails } from '../../core/errors.ts';
import { refusalHeaders } from '../answering/refusal-headers.ts';
import type { Contract, Route } from '../contract.ts';
import type { JsonObject } from '../json.ts';
import { bodyBytesMax } from '../reading/body.ts';

export interface RefusalCatalogue {
  /** The schema that every refusal of the contract fits. */
  readonly schema: JsonObject;
  /** What a route may be refused with, by ascending status. */
  refusalsOf(route: Route): readonly DescribedRefusal[];
}

export interface DescribedRefusal {
  readonly status: number;
  /** Names of the header fields that come with it. */
  readonly headers: readonly string[];
  /** The bodies, no two alike. */
  readonly examples: readonly { readonly code: ErrorCode; readonly body: unknown }[];
}

interface Sample {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: unknown;
}

export function createRefusalCatalogue(contract: Contract, routes: readonly Route[]): RefusalCatalogue {
  const samples = new Map(routes.map((route) => [route.operationId, samplesOf(contract, route)]));
  return {
    schema: schemaOf([...samples.values()].flat().map(({ body }) => body)),
    refusalsOf(route) {
      const implied = impliedCodes(route);
      const declared = new Set(route.refusals);
      const met = (samples.get(route.operationId) ?? []).filter(({ code, status }) => {
        return implied.has(code) || declared.has(code) || (declared.has(status) && !ownCodes.has(code));
      });
      const named = [...declared].filter((each) => typeof each === 'number');
      const statuses = new Set([...met.map(({ status }) => status), ...named]);
      return [...statuses]
        .sort((left, right) => left - right)
        .map((status) =>
          describe(
            status,
            met.filter((sample) => sample.status === status),
          ),
        );
    },
  };
}

function describe(status: number, samples: readonly Sample[]): DescribedRefusal {
  const byBody = new Map(samples.toReversed().map((sample) => [JSON.stringify(sample.body), sample]));
  return {
    status,
    headers: [...new Set(samples.flatMap(({ headers }) => headers))],
    examples: [...byBody.values()].toReversed(),
  };
}

/** The refusals that the server brings by itself. */
function impliedCodes({ method, access, networkThrottle }: Route): Set<ErrorCode> {
  const codes = new Set<ErrorCode>(['unavailable', 'internal']);
  const add = (when: boolean, ...more: readonly ErrorCode[]): void => {
    if (when) for (const code of more) codes.add(code);
  };
  add(access !== 'public', 'unauthorized');
  add(access !== 'public' && access !== 'credential', 'forbidden');
  add(networkThrottle !== undefined, 'rate_limited');
  add(method !== 'GET', 'payload_too_large', 'request_timeout', 'malformed_body');
  add(method !== 'GET' && method !== 'DELETE', 'unsupported_media_type');
  return codes;
}

/** Codes of the server: a status that a route declares is never on their account. */
const ownCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['route_not_found', 'method_not_allowed', 'malformed_body', 'unsupported_media_type'] as const),
  ...(['payload_too_large', 'request_timeout', 'unavailable', 'internal'] as const),
]);

const requestId = '3f2a6c1e-8d4b-4f7a-9c05-6b1de2f0a974';

function samplesOf(contract: Contract, { operationId, sampleFaults }: Route): Sample[] {
  const faults = sampleFaults ?? contract.sampleFaults;
  const context = { requestId, operationId, params: { id: 'usr_invalid', user_id: 'usr_invalid' } };
  const details: RefusalDetails = {
    ...detailsOfSamples,
    ...(faults === undefined ? undefined : { invalid_fields: { faults } }),
  };
  return (Object.keys(details) as ErrorCode[]).map((code) => {
    const refusal = new DomainError(code, details[code]);
    const { status, headers, body } = contract.present(refusal, context);
    const names = Object.keys({ ...refusalHeaders(refusal, null), ...headers });
    return { code, status, headers: names.map(titleCased), body };
  });
}

function titleCased(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

const detailsOfSamples: RefusalDetails = {
  unauthorized: {},
  forbidden: {},
  invalid_credentials: {},
  signup_closed: {},
  user_not_found: { id: 'usr_invalid' },
  app_not_found: {},
  organization_not_found: {},
  api_key_not_found: {},
  connection_not_found: { id: 'dev_invalid' },
  erasure_not_found: {},
  invalid_fields: { faults: [{ field: 'email', fault: 'invalid' }] },
  email_taken: {},
  external_id_taken: { externalId: 'your-internal-id', userId: '0a34dca6b9fe0b2361038bd371d96539' },
  last_admin: {},
  wrong_state: { from: 'inactive', to: 'pending' },
  invalid_code: {},
  already_confirmed: {},
  invalid_token: {},
  rate_limited: { retryAfterSeconds: 30 },
  idempotency_key_reused: {},
  idempotency_in_progress: { retryAfterSeconds: 1 },
  route_not_found: {},
  method_not_allowed: { allow: ['GET', 'HEAD'] },
  malformed_body: {},
  unsupported_media_type: {},
  payload_too_large: { limitBytes: bodyBytesMax },
  request_timeout: {},
  unavailable: { retryAfterSeconds: 1 },
  internal: {},
};

/** The schema of objects like these: every property that one has, required where all have it. */
function schemaOf(bodies: readonly unknown[]): JsonObject {
  const objects = bodies.filter((body) => typeof body === 'object' && body !== null);
  const names = [...new Set(objects.flatMap((body) => Object.keys(body)))];
  const properties = names.map((name) => {
    const values = objects.flatMap((body) => Object.entries(body).filter(([key]) => key === name));
    const types = [...new Set(values.map(([, value]) => typeOf(value)))];
    return [name, { type: types.length === 1 ? types[0] : types }];
  });
  return {
    type: 'object',
    required: names.filter((name) => objects.every((body) => Object.hasOwn(body, name))),
    properties: Object.fromEntries(properties),
  };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
