/**
 * The refusals that an operation may answer with, for the reference. A sample of every code is presented by the
 * contract itself; from these come the statuses, the examples and the schema of the envelope.
 */
import { type FieldFault, nouns, type RefusalDetails, refuse } from '../../core/errors.ts';
import { refusalHeaders } from '../answering/refusal-headers.ts';
import type { Contract, Route } from '../contract.ts';
import {
  type HttpRefusalDetails,
  nameOfRefusal,
  type Refusal,
  type RefusalName,
  refuseHttp,
} from '../http-refusals.ts';
import type { JsonObject } from '../json.ts';
import { bodyBytesMax } from '../reading/body.ts';
import type { SchemaWriter } from './schema-writer.ts';

export interface RefusalCatalogue {
  /** The schema of the contract's refusals with that status. */
  schemaOf(status: number): JsonObject;
  /** The refusals of a route, by ascending status. */
  refusalsOf(route: Route): readonly DescribedRefusal[];
}

export interface DescribedRefusal {
  readonly status: number;
  /** The names of its header fields. */
  readonly headers: readonly string[];
  /** The different bodies. */
  readonly examples: readonly { readonly name: RefusalName; readonly body: unknown }[];
}

interface Sample {
  readonly name: RefusalName;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: unknown;
}

/** The schemas are added to `schemas`. */
export function createRefusalCatalogue(
  contract: Contract,
  routes: readonly Route[],
  schemas: SchemaWriter,
): RefusalCatalogue {
  const samples = new Map(routes.map((route) => [route.operationId, samplesOf(contract, route)]));
  return {
    schemaOf: (status) =>
      contract.refusalShape === undefined
        ? schemas.refer('Refusal', schemaOf([...samples.values()].flat().map(({ body }) => body)))
        : schemas.write(contract.refusalShape(status)),
    refusalsOf(route) {
      const implied = impliedNames(route);
      const declared = new Set(route.refusals);
      const met = (samples.get(route.operationId) ?? []).filter(({ name, status }) => {
        return implied.has(name) || declared.has(name) || (declared.has(status) && !ownNames.has(name));
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

/** The refusals that the server adds to a route by itself. */
function impliedNames({ method, access }: Route): Set<RefusalName> {
  const names = new Set<RefusalName>(['unavailable', 'rate_limited', 'damaged', 'internal']);
  const add = (when: boolean, ...more: readonly RefusalName[]): void => {
    if (when) for (const name of more) names.add(name);
  };
  add(access !== 'public', 'unauthorized');
  add(access !== 'public' && access !== 'credential', 'forbidden');
  add(method !== 'GET', 'payload_too_large', 'request_timeout', 'malformed_body');
  add(method !== 'GET' && method !== 'DELETE', 'unsupported_media_type');
  return names;
}

const requestId = '3f2a6c1e-8d4b-4f7a-9c05-6b1de2f0a974';
const params = { id: 'usr_invalid', user_id: 'usr_invalid', device_id: 'dev_invalid' };

function samplesOf(contract: Contract, { operationId, sampleFaults }: Route): Sample[] {
  const faults = sampleFaults ?? contract.sampleFaults;
  return sampleRefusals(faults).map((refusal) => {
    const { status, headers, body } = contract.present(refusal, {
      ...{ requestId, operationId, params },
      isScripted: false,
    });
    const names = Object.keys({ ...refusalHeaders(refusal, null), ...headers });
    return { name: nameOfRefusal(refusal), status, headers: names.map(titleCased), body };
  });
}

/** One refusal of every code, and of `not_found` one for every noun. */
function sampleRefusals(faults: readonly FieldFault[] | undefined): Refusal[] {
  const details = {
    ...detailsOfSamples,
    ...(faults === undefined ? undefined : { invalid_fields: { faults } }),
  };
  return [
    ...keysOf(details).map((code) => refuse(code, details[code])),
    ...nouns.map((noun) => refuse('not_found', { noun })),
    ...keysOf(httpDetailsOfSamples).map((code) => refuseHttp(code, httpDetailsOfSamples[code])),
  ];
}

function keysOf<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object) as (keyof T)[];
}

function titleCased(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

/** Of every code but `not_found`, which has a sample for each noun. */
const detailsOfSamples: Omit<RefusalDetails, 'not_found'> = {
  unauthorized: {},
  forbidden: {},
  invalid_credentials: {},
  signup_closed: {},
  proof_required: { challenge: 'eyJwYXJhbWV0ZXJzIjp7Li4ufX0=' },
  invalid_fields: { faults: [{ field: 'email', fault: 'invalid' }] },
  email_taken: {},
  external_id_taken: { externalId: 'your-internal-id', userId: '0a34dca6b9fe0b2361038bd371d96539' },
  last_admin: {},
  last_owner: {},
  fresh_factor_required: {},
  wrong_state: { from: 'inactive', to: 'pending' },
  invalid_code: {},
  already_confirmed: {},
  invalid_token: {},
  rate_limited: { retryAfterSeconds: 30 },
  idempotency_key_reused: {},
  idempotency_in_progress: { retryAfterSeconds: 1 },
  change_in_progress: { retryAfterSeconds: 1 },
  unavailable: { retryAfterSeconds: 1 },
  damaged: {},
  internal: {},
};

const httpDetailsOfSamples: HttpRefusalDetails = {
  route_not_found: {},
  method_not_allowed: { allow: ['GET', 'HEAD'] },
  malformed_body: {},
  malformed_host: {},
  unsupported_media_type: { reason: 'type' },
  payload_too_large: { limitBytes: bodyBytesMax },
  precondition_failed: {},
  cross_site: {},
  request_timeout: {},
};

/** HTTP's own refusals and the server's: a status that a route declares does not mean them. */
const ownNames: ReadonlySet<RefusalName> = new Set([
  ...keysOf(httpDetailsOfSamples),
  'unavailable',
  'damaged',
  'internal',
]);

/** The schema of these objects: each property that occurs, required if all objects have it. */
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
