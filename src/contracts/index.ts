/** The contracts that are served, in the order in which they may claim a path of the bare host. */
import type { Contract } from '../http/contract.ts';
import { consoleContract } from './console/contract.ts';
import { generalContract } from './general/contract.ts';
import { humanapiContract } from './humanapi/contract.ts';
import { organizationContract } from './organization/contract.ts';
import { sonarContract } from './sonar/contract.ts';

export const contracts: readonly Contract[] = [
  sonarContract,
  generalContract,
  humanapiContract,
  organizationContract,
  consoleContract,
];
