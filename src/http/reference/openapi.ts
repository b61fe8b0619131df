/**
 * The OpenAPI 3.1 document of each contract, made from the same routes that the server serves. It lists every answer
 * of an operation: those that the route declares, and those that the server adds (credential, throttle, body,
 * overload). The contract presents the examples of refusals, so they are real answers.
 */
import { STATUS_CODES } from 'node:http';
import type { Contract, ResponseDocument, Route } from '../contract.ts';
import type { JsonObject } from '../json.ts';
import { jsonTypesOf } from '../operation.ts';
import type { PageRoute } from '../page.ts';
import type { TSchema } from '../shape.ts';
import { createRefusalCatalogue, type RefusalCatalogue } from './openapi-refusals.ts';
import { SchemaWriter } from './schema-writer.ts';

/** A contract with its routes. */
export interface ServedContract {
  readonly contract: Contract;
  readonly routes: readonly Route[];
}

/** `GET /openapi/<contract>.json` for each contract; the first request makes the document. */
export function openApiRoutes(
  served: readonly ServedContract[],
  baseUrlOf: (contract: string) => string,
): readonly PageRoute[] {
  return served.map(({ contract, routes }) => {
    let text: string | null = null;
    return {
      method: 'GET',
      path: openApiPath(contract),
      operationId: `openapi.${contract.name}`,
      async handle() {
        text ??= JSON.stringify(
          describeContract({ contract, routes }, { baseUrl: baseUrlOf(contract.name) }),
        );
        return { status: 200, content: text };
      },
    };
  });
}

export function openApiPath({ name }: Contract): string {
  return `/openapi/${name}.json`;
}

export interface DescriptionOptions {
  /** The address before the documented paths; the prefix on the present host unless given. */
  readonly baseUrl?: string;
  /** Examples of parameters, by name, in place of the contract's own. */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * For the viewer, which sends examples: examples of optional parameters are marked as not sent, except those in
   * `parameters` and defaults.
   */
  readonly isForViewer?: boolean;
}

/** What the parts of one document share. */
interface Writing {
  readonly contract: Contract;
  readonly catalogue: RefusalCatalogue;
  readonly schemas: SchemaWriter;
  readonly parameters: Readonly<Record<string, string>>;
  readonly isForViewer: boolean;
}

/** The document of one contract. */
export function describeContract(
  { contract, routes }: ServedContract,
  { baseUrl = `/${contract.name}`, parameters = {}, isForViewer = false }: DescriptionOptions = {},
): JsonObject {
  const schemas = new SchemaWriter();
  const catalogue = createRefusalCatalogue(contract, routes, schemas);
  const writing: Writing = { contract, catalogue, schemas, parameters, isForViewer };
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([A-Za-z_]\w*)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(writing, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: contract.title,
      description: contract.description,
      version: '1',
      contact: { name: 'The operator of this deployment' },
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: baseUrl, description: 'This deployment' }],
    security: alternatives(contract),
    tags: [...new Set(routes.map((route) => tagOf(contract, route)))].map((name) => ({
      name,
      description: contract.tags?.[name] ?? contract.description,
    })),
    paths,
    components: {
      securitySchemes: plain(contract.securitySchemes),
      schemas: schemas.components,
      headers: {
        RequestId: {
          description: 'The id of this request, to be quoted in questions about it.',
          schema: { type: 'string', format: 'uuid' },
        },
      },
    },
  };
}

function tagOf({ title }: Contract, { tag = title }: Route): string {
  return tag;
}

function describeRoute(writing: Writing, route: Route): JsonObject {
  const { contract } = writing;
  const isPublic = route.access === 'public';
  return {
    operationId: route.operationId,
    tags: [tagOf(contract, route)],
    summary: route.summary,
    description: route.description,
    security: isPublic ? [] : alternatives(contract),
    parameters: [
      ...pathParameters(writing, route),
      ...parametersOf(writing, 'query', route.query),
      ...parametersOf(writing, 'header', route.headers),
    ],
    requestBody: describeBody(writing, route),
    responses: { ...describeSuccesses(writing, route), ...describeRefusals(writing, route) },
  };
}

/** One of the contract's credentials is enough. */
function alternatives({ securitySchemes }: Contract): JsonObject[] {
  return Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
}

/** Every parameter of the path, described or not. */
function pathParameters(writing: Writing, { path, params }: Route): JsonObject[] {
  const described = parametersOf(writing, 'path', params);
  const names = [...path.matchAll(/:([A-Za-z_]\w*)/g)].map(([, name]) => name ?? '');
  return names.map((name) => {
    const known = described.find((parameter) => parameter['name'] === name);
    return { schema: { type: 'string' }, ...known, name, in: 'path', required: true };
  });
}

/** The properties of an object schema as parameters. */
function parametersOf(
  { schemas, parameters, isForViewer }: Writing,
  location: 'path' | 'query' | 'header',
  shape: TSchema | undefined,
): JsonObject[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] }: ObjectShape = shape;
  return Object.entries(properties).map(([name, value]) => {
    const { description, ...schema } = schemas.write(value);
    const isRequired = required.includes(name);
    const described = { name, in: location, required: isRequired, description, schema };
    const example = parameters[name] ?? exampleOf(value);
    const isSent = isRequired || name in parameters || schema['default'] !== undefined;
    if (!isForViewer || isSent || example === undefined) return { ...described, example };
    return { ...described, examples: { default: { value: example, 'x-disabled': true } } };
  });
}

/** The members of a shape that decide about parameters and bodies. */
interface ObjectShape {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly ObjectShape[];
}

/** A value that the shape itself names. */
function exampleOf(shape: TSchema): JsonObject[string] {
  const { examples = [], enum: choices = [], default: standard = [] } = plain(shape);
  const [example] = [examples, standard, choices].flat();
  return example;
}

function describeBody(
  { contract, schemas }: Writing,
  { body, bodyExample, bodyTypes = jsonTypesOf(contract) }: Route,
): JsonObject | undefined {
  if (body === undefined) return undefined;
  const example = bodyExample === undefined ? undefined : plain(bodyExample);
  const media = { schema: schemas.write(body), example };
  return { required: isNeeded(body), content: Object.fromEntries(bodyTypes.map((type) => [type, media])) };
}

/** Whether no body at all leaves out a member that is required. */
function isNeeded({ required = [], anyOf = [] }: ObjectShape): boolean {
  return required.length > 0 || (anyOf.length > 0 && anyOf.every(isNeeded));
}

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

function describeSuccesses(writing: Writing, { responses }: Route): JsonObject {
  const described = Object.entries(responses).map(([status, response]) => [
    status,
    {
      description: response.description,
      headers: { ...requestIdHeader, ...headersOf(response) },
      content: contentOf(writing, response),
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
  { contract: { mediaType = 'application/json' }, schemas }: Writing,
  { schema, example, contentTypes = [mediaType] }: ResponseDocument,
) {
  if (schema === undefined) return undefined;
  const whole = {
    schema: schemas.write(schema),
    example: example === undefined ? undefined : plain(example),
  };
  const { items = schema }: { readonly items?: TSchema } = schema;
  const line = { schema: schemas.write(items) };
  return Object.fromEntries(
    contentTypes.map((type) => [type, type === 'application/x-ndjson' ? line : whole]),
  );
}

function describeRefusals(
  { contract: { mediaType = 'application/json' }, catalogue }: Writing,
  route: Route,
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
          schema: catalogue.schemaOf(status),
          examples: Object.fromEntries(examples.map(({ name, body }) => [name, { value: plain(body) }])),
        },
      },
    },
  ]);
  return Object.fromEntries(described);
}

/** A value as JSON. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
