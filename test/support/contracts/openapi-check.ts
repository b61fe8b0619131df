/**
 * Checks answers against the OpenAPI documents that the server itself publishes.
 *
 * The test client passes every answer to this check. The documents must list the status for the operation that the
 * request reached, and the content type for that status. The body must match the schema and have no other property,
 * and the answer must follow the rules for all answers. The check finds the contract of a request by the published rule
 * (host, prefix, bare path); it does not ask the server.
 */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

/** One request and its answer. */
export interface Exchange {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The contract and operation that a request reached; null for none. */
export interface Reached {
  readonly contract: string | null;
  readonly operation: string | null;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

interface ResponseObject {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

/** The parts of an OpenAPI 3.1 document that the check reads. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly components?: {
    readonly schemas?: object;
    readonly securitySchemes?: Readonly<Record<string, { readonly type?: string; readonly scheme?: string }>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface OpenApiCheck {
  /** Fails the running test if the answer differs from the documents. */
  check(exchange: Exchange): Reached;
}

/** The paths that belong to no contract, on any host. The pages of the console are below the prefix of its API. */
const ownPath =
  /^\/+(healthz|readyz|docs|openapi|set-password|request-password|connect|demo-provider|favicon\.ico|console(?!\/+api(?:\/|$)))(\/|$)/;

/** The contract whose error envelope answers a request that reached no contract. */
const strangersContract = 'organization';

/** A check against the documents, which are given by contract name. */
export function createOpenApiCheck(documents: ReadonlyMap<string, OpenApiDocument>): OpenApiCheck {
  const shapes = new Map([...documents].map(([name, document]) => [name, createShapes(name, document)]));
  return {
    check(exchange) {
      checkLaws(exchange);
      if (ownPath.test(exchange.path)) return { contract: null, operation: null };
      const { contract, path } = findContract(exchange, documents);
      const shape = shapes.get(contract ?? strangersContract);
      const document = contract === null ? undefined : documents.get(contract);
      if (contract === null || document === undefined || shape === undefined) {
        if (shape !== undefined) checkUnrouted(exchange, 'no contract', shape);
        return { contract: null, operation: null };
      }
      const found = findOperation(document, exchange.method, path);
      if (found === null) {
        checkUnrouted(exchange, contract, shape);
        return { contract, operation: null };
      }
      const { operation, template, method } = found;
      const place = `${exchange.method} ${exchange.path} (${contract}.${operation.operationId})`;
      const response = operation.responses[String(exchange.status)];
      if (response === undefined) {
        assert.fail(`${place} answered ${exchange.status}, which is not documented: ${exchange.text}`);
      }
      const pointer = ['paths', template, method, 'responses', String(exchange.status)];
      checkBody(exchange, place, response, pointer, shape);
      checkChallenge(exchange, document);
      return { contract, operation: operation.operationId };
    },
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The rules for every answer, whatever the request reached. */
function checkLaws({ method, path, status, headers, text }: Exchange): void {
  const place = `${method} ${path} (${status})`;
  assert.match(String(headers['x-request-id']), uuid, `${place} has no X-Request-Id`);
  assert.ok(status < 500 || status === 503, `${place} answered a server error: ${text}`);
  if (status === 429 || status === 503) {
    assert.match(String(headers['retry-after']), /^[1-9]\d*$/, `${place} has no Retry-After`);
  }
  if (status === 405) assert.ok(headers.allow, `${place} has no Allow`);
  if (status === 204) assert.equal(text, '', `${place} has a body`);
}

/** A 401 names the HTTP authentication scheme of the contract's document, if the document has one. */
function checkChallenge({ method, path, status, headers }: Exchange, document: OpenApiDocument): void {
  const schemes = Object.values(document.components?.securitySchemes ?? {});
  const scheme = schemes.find(({ type }) => type === 'http')?.scheme;
  if (status !== 401 || scheme === undefined) return;
  const challenge = String(headers['www-authenticate']);
  assert.ok(
    challenge.toLowerCase().startsWith(scheme),
    `${method} ${path} answered 401 without a ${scheme} challenge`,
  );
}

/** A request that reached a contract but no operation: 404 or 405 in the contract's error envelope. */
function checkUnrouted(exchange: Exchange, contract: string, shape: Shapes): void {
  const { method, path, status, text } = exchange;
  const place = `${method} ${path} (${contract}, no operation)`;
  assert.ok([400, 404, 405, 413, 429, 431].includes(status), `${place} answered ${status}: ${text}`);
  if (method === 'HEAD' || shape.envelope === null) return;
  checkJson(exchange, place, shape.envelope);
}

function checkBody(
  exchange: Exchange,
  place: string,
  response: ResponseObject,
  pointer: readonly string[],
  shape: Shapes,
): void {
  if (exchange.method === 'HEAD') {
    assert.equal(exchange.text, '', `${place} answered with a body`);
    return;
  }
  const types = Object.keys(response.content ?? {});
  if (types.length === 0) {
    assert.equal(exchange.text, '', `${place} answered ${exchange.status} with an undocumented body`);
    return;
  }
  const type = mediaType(exchange);
  assert.ok(types.includes(type), `${place} answered ${exchange.status} as "${type}", documented: ${types}`);
  const schema = response.content?.[type]?.schema;
  if (schema === undefined) return;
  const validate = shape.validator([...pointer, 'content', type, 'schema']);
  if (isJson(type)) checkJson(exchange, place, validate);
  else if (type === 'application/x-ndjson') {
    for (const line of exchange.text.split('\n').filter((each) => each !== '')) {
      checkShape(JSON.parse(line), line, place, validate);
    }
  } else checkShape(exchange.text, exchange.text, place, validate);
}

function checkJson(exchange: Exchange, place: string, validate: ValidateFunction): void {
  assert.ok(isJson(mediaType(exchange)), `${place} did not answer with JSON`);
  let body: unknown;
  try {
    body = JSON.parse(exchange.text);
  } catch {
    assert.fail(`${place} answered ${exchange.status} with broken JSON: ${exchange.text}`);
  }
  checkShape(body, exchange.text, `${place} ${exchange.status}`, validate);
}

function checkShape(value: unknown, text: string, place: string, validate: ValidateFunction): void {
  if (validate(value)) return;
  const faults = (validate.errors ?? []).map((each) => {
    return `  ${each.instancePath === '' ? '(body)' : each.instancePath} ${each.message} ${JSON.stringify(each.params)}`;
  });
  assert.fail(`${place}: the body is not as documented\n${faults.join('\n')}\n${text.slice(0, 2_000)}`);
}

/** JSON, or a media type of its kind. */
function isJson(type: string): boolean {
  return type === 'application/json' || /^application\/[\w.-]+\+json$/.test(type);
}

function mediaType({ headers }: Exchange): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The published rule: the host's first label takes precedence over the prefix, and the prefix over the bare path. */
function findContract(
  exchange: Exchange,
  documents: ReadonlyMap<string, OpenApiDocument>,
): { contract: string | null; path: string } {
  const { requestHeaders } = exchange;
  const path = withoutExtraSlashes(exchange.path);
  const label =
    String(requestHeaders['host'] ?? '')
      .split('.')[0]
      ?.toLowerCase() ?? '';
  if (documents.has(label)) return { contract: label, path };
  const prefix = path.split('/', 2)[1] ?? '';
  if (documents.has(prefix)) {
    return { contract: prefix, path: withoutExtraSlashes(path.slice(prefix.length + 1)) || '/' };
  }
  if (path === '/v1/users' || path.startsWith('/v1/users/')) {
    const isBearer = /^bearer\b/i.test(String(requestHeaders['authorization'] ?? ''));
    return { contract: isBearer ? 'sonar' : 'general', path };
  }
  for (const [name, document] of documents) {
    if (Object.keys(document.paths).some((template) => isBelow(template, path)))
      return { contract: name, path };
  }
  return { contract: null, path };
}

/** A slash at the end, and several at the beginning, are the same path. */
function withoutExtraSlashes(path: string): string {
  return path.replace(/^\/+/, '/').replace(/(?<=[^/])\/$/, '');
}

/** Whether the path is the literal start of the template (up to its first parameter), or is below that start. */
function isBelow(template: string, path: string): boolean {
  const beginning = (template.split('{', 1)[0] ?? '').replace(/\/$/, '');
  return path === beginning || path.startsWith(`${beginning}/`);
}

/** The operation of the most literal path template; one without parameters is matched first (OpenAPI 3.1, 4.8.8). */
function findOperation(document: OpenApiDocument, method: string, path: string) {
  // The answer to a HEAD is the answer to the GET without its body.
  const key = method === 'HEAD' ? 'get' : method.toLowerCase();
  const templates = Object.hasOwn(document.paths, path)
    ? [path]
    : Object.keys(document.paths)
        .filter((template) => matches(template, path))
        .sort((left, right) => parameterCount(left) - parameterCount(right));
  for (const template of templates) {
    const operation = document.paths[template]?.[key];
    if (operation !== undefined) return { operation, template, method: key };
  }
  return null;
}

function matches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return false;
  return wanted.every((part, index) => {
    return part.startsWith('{') ? given[index] !== '' : part === given[index];
  });
}

function parameterCount(template: string): number {
  return template.split('{').length - 1;
}

interface Shapes {
  /** The validator of the schema at that location of the document; compiles it once. */
  validator(pointer: readonly string[]): ValidateFunction;
  /** The envelope of the contract's refusals, from any documented 404; null if there is none. */
  readonly envelope: ValidateFunction | null;
}

function createShapes(name: string, document: OpenApiDocument): Shapes {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
  ajvFormats.default(ajv);
  // Every time in an answer is UTC, in whole seconds or milliseconds.
  ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/);
  const id = `openapi:${name}`;
  ajv.addSchema(closed(document), id);
  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: readonly string[]): ValidateFunction => {
    const place = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
    const ref = `${id}#/${place.join('/')}`;
    const known = compiled.get(ref) ?? ajv.compile({ $ref: ref });
    compiled.set(ref, known);
    return known;
  };
  return { validator, envelope: findEnvelope(document, validator) };
}

function findEnvelope(document: OpenApiDocument, validator: Shapes['validator']): ValidateFunction | null {
  for (const [template, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const { content = {} } = operation.responses?.['404'] ?? {};
      const type = Object.keys(content).find((each) => isJson(each) && content[each]?.schema !== undefined);
      if (type === undefined) continue;
      return validator(['paths', template, method, 'responses', '404', 'content', type, 'schema']);
    }
  }
  return null;
}

/** A copy in which an object schema that lists its properties allows no others. */
function closed(node: unknown): object {
  const copy = close(node);
  assert.ok(typeof copy === 'object' && copy !== null);
  return copy;
}

function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    // Examples are data, not schemas.
    copy[key] = key === 'example' || key === 'examples' ? value : close(value);
  }
  const isOpen = 'additionalProperties' in copy || 'allOf' in copy || 'unevaluatedProperties' in copy;
  if (copy['type'] === 'object' && typeof copy['properties'] === 'object' && !isOpen) {
    copy['additionalProperties'] = false;
  }
  return copy;
}
