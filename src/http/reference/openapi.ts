/**
 * The OpenAPI 3.1 document of each contract, made from the same routes that the server serves. It lists every answer
 * of an operation: those that the route declares, and those that the server adds (credential, throttle, body,
 * overload). The contract presents the examples of refusals, so they are real answers.
 */
import { STATUS_CODES } from 'node:http';
import type { Contract, ResponseDocument, Route } from '../contract.ts';
import type { Json, JsonObject } from '../json.ts';
import { jsonTypesOf } from '../operation.ts';
import type { PageRoute } from '../page.ts';
import type { TSchema } from '../shape.ts';
import { createRefusalCatalogue, type RefusalCatalogue } from './openapi-refusals.ts';

/** A contract with its routes. */
export interface ServedContract {
  readonly contract: Contract;
  readonly routes: readonly Route[];
}

/** `GET /openapi/<contract>.json` for each contract; the first request makes the document. */
export function openApiRoutes(served: readonly ServedContract[]): readonly PageRoute[] {
  return served.map(({ contract, routes }) => {
    let text: string | null = null;
    return {
      method: 'GET',
      path: openApiPath(contract),
      operationId: `openapi.${contract.name}`,
      async handle() {
        text ??= JSON.stringify(describeContract({ contract, routes }));
        return { status: 200, content: text };
      },
    };
  });
}

export function openApiPath({ name }: Contract): string {
  return `/openapi/${name}.json`;
}

/** The document of one contract. */
export function describeContract({ contract, routes }: ServedContract): JsonObject {
  const catalogue = createRefusalCatalogue(contract, routes);
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([A-Za-z_]\w*)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(contract, route, catalogue) };
  }
  return {
    openapi: '3.1.0',
    info: { title: contract.title, description: contract.description, version: '1' },
    servers: [{ url: `/${contract.name}`, description: 'The prefix, on any host' }],
    security: alternatives(contract),
    tags: tagsOf(routes),
    paths,
    components: {
      securitySchemes: plain(contract.securitySchemes),
      schemas: { Refusal: catalogue.schema },
      headers: {
        RequestId: {
          description: 'The id of this request, to be quoted in questions about it.',
          schema: { type: 'string', format: 'uuid' },
        },
      },
    },
  };
}

/** The resources of a contract that has several. */
function tagsOf(routes: readonly Route[]): JsonObject[] | undefined {
  const names = [...new Set(routes.flatMap(({ tag }) => tag ?? []))];
  return names.length === 0 ? undefined : names.map((name) => ({ name }));
}

function describeRoute(contract: Contract, route: Route, catalogue: RefusalCatalogue): JsonObject {
  const isPublic = route.access === 'public';
  return {
    operationId: route.operationId,
    tags: route.tag === undefined ? undefined : [route.tag],
    summary: route.summary,
    description: route.description,
    security: isPublic ? [] : alternatives(contract),
    parameters: [
      ...pathParameters(route),
      ...parametersOf('query', route.query),
      ...parametersOf('header', route.headers),
    ],
    requestBody: describeBody(contract, route),
    responses: { ...describeSuccesses(contract, route), ...describeRefusals(contract, route, catalogue) },
  };
}

/** One of the contract's credentials is enough. */
function alternatives({ securitySchemes }: Contract): JsonObject[] {
  return Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
}

/** Every parameter of the path, described or not. */
function pathParameters({ path, params }: Route): JsonObject[] {
  const described = parametersOf('path', params);
  const names = [...path.matchAll(/:([A-Za-z_]\w*)/g)].map(([, name]) => name ?? '');
  return names.map((name) => {
    const known = described.find((parameter) => parameter['name'] === name);
    return { schema: { type: 'string' }, ...known, name, in: 'path', required: true };
  });
}

/** The properties of an object schema as parameters. */
function parametersOf(location: 'path' | 'query' | 'header', schema: TSchema | undefined): JsonObject[] {
  if (schema === undefined) return [];
  const { properties, required } = plain(schema);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).map(([name, value]) => {
    const { description, ...rest } = isObject(value) ? value : {};
    return { name, in: location, required: needed.includes(name), description, schema: rest };
  });
}

function describeBody(
  contract: Contract,
  { body, bodyExample, bodyTypes = jsonTypesOf(contract) }: Route,
): JsonObject | undefined {
  if (body === undefined) return undefined;
  const schema = plain(body);
  const media = { schema, example: bodyExample === undefined ? undefined : plain(bodyExample) };
  const isRequired = Array.isArray(schema['required']) && schema['required'].length > 0;
  return { required: isRequired, content: Object.fromEntries(bodyTypes.map((type) => [type, media])) };
}

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

function describeSuccesses(contract: Contract, { responses }: Route): JsonObject {
  const described = Object.entries(responses).map(([status, response]) => [
    status,
    {
      description: response.description,
      headers: { ...requestIdHeader, ...headersOf(response) },
      content: contentOf(contract, response),
    },
  ]);
  return Object.fromEntries(described);
}

function headersOf({ headers = {} }: ResponseDocument): JsonObject {
  const described = Object.entries(headers).map(([name, { description }]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return Object.fromEntries(described);
}

function contentOf(
  { mediaType = 'application/json' }: Contract,
  { schema, example, contentTypes = [mediaType] }: ResponseDocument,
) {
  if (schema === undefined) return undefined;
  const whole = { schema: plain(schema), example: example === undefined ? undefined : plain(example) };
  const line = { schema: whole.schema['items'] };
  return Object.fromEntries(
    contentTypes.map((type) => [type, type === 'application/x-ndjson' ? line : whole]),
  );
}

function describeRefusals(
  { mediaType = 'application/json' }: Contract,
  route: Route,
  catalogue: RefusalCatalogue,
): JsonObject {
  const described = catalogue.refusalsOf(route).map(({ status, headers, examples }) => [
    String(status),
    {
      description: STATUS_CODES[status] ?? 'Refused',
      headers: {
        ...requestIdHeader,
        ...Object.fromEntries(headers.map((name) => [name, { schema: { type: 'string' } }])),
      },
      content: {
        [mediaType]: {
          schema: { $ref: '#/components/schemas/Refusal' },
          examples: Object.fromEntries(examples.map(({ name, body }) => [name, { value: plain(body) }])),
        },
      },
    },
  ]);
  return Object.fromEntries(described);
}

/** A value as JSON; schemas lose the symbols that only TypeBox reads. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
