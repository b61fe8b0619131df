/** Every operation of a contract, as its OpenAPI document describes it. */
import type { NamedText } from './documents.ts';
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
  readonly needsCredential: boolean;
}

export function nameOf({ contract, operationId }: Operation): string {
  return `${contract}.${operationId}`;
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
}

interface DocumentOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { schema: JsonSchema; example?: unknown }>>;
  };
}

/** The operations of the documents, in their order. */
export function operationsOf(documents: readonly NamedText[]): readonly Operation[] {
  return documents.flatMap(([contract, text]) => {
    const { components }: Document = JSON.parse(text);
    const document: Document = JSON.parse(text, (_, value) => resolved(components, value));
    return Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => toOperation(contract, path, method, operation)),
    );
  });
}

/** The schema that a reference names, in its place. */
function resolved({ schemas }: Document['components'], value: unknown): unknown {
  const isReference = typeof value === 'object' && value !== null && '$ref' in value;
  if (!isReference || typeof value.$ref !== 'string') return value;
  const schema = schemas[value.$ref.replace('#/components/schemas/', '')];
  if (schema === undefined) return value;
  return JSON.parse(JSON.stringify(schema), (_, each) => resolved({ schemas }, each));
}

function toOperation(
  contract: string,
  path: string,
  method: string,
  { operationId, parameters, security, requestBody }: DocumentOperation,
): Operation {
  const media = requestBody?.content['application/json'];
  return {
    contract,
    operationId,
    method: method.toUpperCase(),
    path: `/${contract}${path}`,
    parameters,
    body: media === undefined ? null : { schema: media.schema, example: media.example ?? {} },
    needsCredential: security.length > 0,
  };
}
