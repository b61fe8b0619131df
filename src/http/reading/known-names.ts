/**
 * Refuses names that an operation does not know, in the query and in the body. A call that selects people or changes something must not
 * ignore a name with a slip in it: a filter that is ignored selects everyone, and a field that is ignored looks changed.
 */
import { type FieldFault, refuseFaults } from '../../core/errors.ts';
import type { Route } from '../contract.ts';

/** An answer names at most so many of them, and no longer ones. */
const namedMax = 20;
const nameCharactersMax = 64;

/** The route, which refuses unknown names with `invalid_fields`. */
export function withKnownNames(route: Route): Route {
  const [inQuery, inBody] = [namesOf(route.query), namesOf(route.body)];
  return {
    ...route,
    refusals: [...new Set([...(route.refusals ?? []), 'invalid_fields' as const])],
    async handle(call) {
      refuseFaults([...unknownNames(call.query, inQuery), ...unknownNames(call.body, inBody)]);
      return route.handle(call);
    },
  };
}

/** A fault for each name of `given` that is not known; none where it is no object. */
export function unknownNames(given: unknown, known: readonly string[]): readonly FieldFault[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return [];
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .slice(0, namedMax)
    .map((name) => ({ field: name.slice(0, nameCharactersMax), fault: 'unknown' }));
}

/** The names of the members that a shape has. */
export function namesOf(shape: Route['query']): readonly string[] {
  const { properties = {} }: { properties?: object } = shape ?? {};
  return Object.keys(properties);
}
