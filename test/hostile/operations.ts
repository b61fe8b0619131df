/** Every operation of every contract, as the published OpenAPI documents tell it. */
import assert from 'node:assert/strict';
import type { JsonSchema } from './schema-arbitrary.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly contract: string;
  readonly operationId: string;
  /** Upper-case. */
  readonly method: string;
  /** With the contract's prefix, and `{name}` for parameters. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly schema: JsonSchema; readonly example: unknown } | null;
  /** The kind of credential it asks for; null where none. */
  readonly credential: 'bearer' | 'basic' | 'session' | null;
}

export function nameOf({ contract, operationId }: Operation): string {
  return `${contract}.${operationId}`;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, SecurityScheme>> };
}

interface DocumentOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { schema: JsonSchema; example?: unknown }>>;
  };
}

interface SecurityScheme {
  readonly type: string;
  readonly scheme?: string;
}

const documents = ['sonar', 'general', 'humanapi', 'organization'] as const;

export async function readOperations(baseUrl: string): Promise<readonly Operation[]> {
  const operations: Operation[] = [];
  for (const contract of documents) {
    const answer = await fetch(`${baseUrl}/openapi/${contract}.json`);
    assert.equal(answer.status, 200);
    const document = (await answer.json()) as Document;
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        operations.push(toOperation(contract, document, path, method, operation));
      }
    }
  }
  return operations;
}

function toOperation(
  contract: string,
  document: Document,
  path: string,
  method: string,
  { operationId, parameters, security, requestBody }: DocumentOperation,
): Operation {
  const media = requestBody?.content['application/json'];
  const [scheme] = Object.keys(security[0] ?? {});
  return {
    contract,
    operationId,
    method: method.toUpperCase(),
    path: `/${contract}${path}`,
    parameters,
    body: media === undefined ? null : { schema: media.schema, example: media.example ?? {} },
    credential: scheme === undefined ? null : kindOf(document.components.securitySchemes[scheme]),
  };
}

function kindOf(scheme: SecurityScheme | undefined): Operation['credential'] {
  if (scheme?.type === 'http') return scheme.scheme === 'basic' ? 'basic' : 'bearer';
  assert.equal(scheme?.type, 'apiKey');
  return 'session';
}
