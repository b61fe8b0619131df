/** The two query parameters of a list that is read by pages with numbers; contracts name and describe them. */
import { pageSizeMax } from '../core/directory/paging.ts';
import { Type } from './shape.ts';

/** The number of the page, from 1. */
export function pageNumberParameter(description: string) {
  return Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, default: 1, description }),
  );
}

/** How many items a page has. */
export function pageSizeParameter(standard: number, description: string) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum: pageSizeMax, default: standard, description }));
}
