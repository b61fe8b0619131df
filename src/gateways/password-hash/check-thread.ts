/** The entry of a thread that checks passwords with hashes that block it. It answers in the order of the requests. */
import { parentPort } from 'node:worker_threads';
import type { CheckReply, CheckRequest } from './check-threads.ts';
import { readHash } from './hash-kinds.ts';

parentPort?.on('message', ({ password, text }: CheckRequest) => {
  const hash = readHash(text);
  if (hash === null || !('check' in hash)) throw new Error('this kind of hash needs no thread');
  const reply: CheckReply = hash.check(password);
  parentPort?.postMessage(reply);
});
