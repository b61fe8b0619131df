/** Shows a user as every contract does, for the operator and for staff. */
import type { Contract, ShowUser } from './contract.ts';

export function showUserAs(contracts: readonly Contract[]): ShowUser {
  return (user, now) => {
    const views = contracts.flatMap(({ name, show }) => {
      return show === undefined ? [] : [[name, show(user, now)] as const];
    });
    return Object.fromEntries(views);
  };
}
