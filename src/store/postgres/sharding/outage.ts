/** Machines of a Citus cluster that cannot be reached. */
import type { OrgKey } from '../../../core/ids.ts';

/** What is known while machines are away. It is another object for other machines. */
export interface Outage {
  /** The machines, such as `db2.example.com:5432`. */
  readonly machines: readonly string[];
  /** Their numbers in the cluster. */
  readonly groups: readonly number[];
  /** Their organizations, with 0 if its rows are there. */
  readonly away: ReadonlySet<OrgKey>;
  /** The organizations of all other machines, as an array in PostgreSQL's text form. */
  readonly reachable: string;
  /** One of them, the same in every process; null where there is none. */
  readonly elsewhere: OrgKey | null;
}
