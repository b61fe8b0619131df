/** The shapes that sign-in and the set-up of factors share, for the reference: no request is validated by them. */
import { instant, named, type TSchema, Type } from '../../http/shape.ts';

/** An object of the browser's WebAuthn, which the specification describes. */
export function anyObject(description: string): TSchema {
  return Type.Object({}, { description, additionalProperties: true });
}

export const codeRequest = named('Code', Type.Object({ code: Type.String({ minLength: 1 }) }));
export const codeExample = { code: '123456' };

export const passkeyOptions = named(
  'PasskeyOptions',
  anyObject('Options of WebAuthn in JSON (level 3, sections 5.1.8 and 5.1.9).'),
);

export const passkeyRequest = named(
  'PasskeyAnswer',
  Type.Object({ response: anyObject('What the browser answers to the options.') }),
);

export const factorTaken = named(
  'FactorTaken',
  Type.Object({ freshUntil: instant('Until when the factor counts as fresh.') }),
);
