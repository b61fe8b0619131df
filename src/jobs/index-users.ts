/** Brings the search blocks up to date with new and changed users. */
import type { Core } from '../core/core.ts';
import { SearchIndexer } from '../core/search/search-blocks.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createIndexUsersJob(core: Pick<Core, 'work' | 'clock'>): Job {
  const indexer = new SearchIndexer(core);
  return {
    name: 'user search',
    topic: null,
    pauseMs: secondMs,
    run: () => indexer.advance(),
  };
}
