/** Every route of the console, a file for each subject. */
import type { Core } from '../../core/core.ts';
import type { Route, ShowUser } from '../../http/contract.ts';
import { withKnownNames } from '../../http/reading/known-names.ts';
import { appsRoutes } from './apps-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { erasuresRoutes } from './erasures-routes.ts';
import { exportRoutes } from './export-routes.ts';
import { factorRoutes } from './factor-routes.ts';
import { keysRoutes } from './keys-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { fromOwnSite } from './own-site.ts';
import { peopleRoutes } from './people-routes.ts';
import { personActRoutes } from './person-act-routes.ts';
import { recordRoutes } from './record-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { signInRoutes } from './sign-in-routes.ts';
import { takesMark, withPresentRole } from './staff-caller.ts';
import { staffRoutes } from './staff-routes.ts';

/** The beginning of every path; the pages have all others below `/console`. */
export const apiPath = '/api/v1';

/** What hands out or selects people, or acts on one, refuses names that it does not know. So does every PATCH. */
const strict: readonly string[] = [
  ...['exportPerson', 'exportPeople', 'planBulkAct', 'runBulkAct', 'actOnPerson', 'deletePerson'],
];
const isStrict = ({ method, operationId }: Route): boolean =>
  method === 'PATCH' || strict.includes(operationId);

export function routes(core: Core, showUser: ShowUser): readonly Route[] {
  const all = [
    ...signInRoutes(core),
    ...factorRoutes(core),
    ...sessionRoutes(core),
    ...staffRoutes(core),
    ...peopleRoutes(core, showUser),
    ...personActRoutes(core),
    ...bulkRoutes(core),
    ...exportRoutes(core),
    ...erasuresRoutes(core),
    ...keysRoutes(core),
    ...appsRoutes(core),
    ...overviewRoutes(core),
    ...recordRoutes(core),
  ];
  return all.map((route) =>
    fromOwnSite({
      ...withPresentRole(core, takesMark(isStrict(route) ? withKnownNames(route) : route)),
      path: `${apiPath}${route.path}`,
      description: route.description ?? `${route.summary}.`,
    }),
  );
}
