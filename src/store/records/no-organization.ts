/** The organization key of rows that belong to no organization, such as counters by network. */
import type { OrgKey } from '../../core/ids.ts';

export const noOrganization: OrgKey = 0;
