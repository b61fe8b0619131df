/** A noun of the core needs no line in the tables of the contracts: each contract has words for it by default. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contracts } from '../../src/contracts/index.ts';
import { nouns, refuse } from '../../src/core/errors.ts';

const context = {
  requestId: '9b2f1c34-5b1d-4f0e-8a51-0a52c4f6d3aa',
  operationId: null,
  params: {},
  isScripted: false,
};

describe('a thing that is not found', () => {
  for (const contract of contracts) {
    test(`is 404 in ${contract.name}, with different words for each noun`, () => {
      const answers = nouns.map((noun) => contract.present(refuse('not_found', { noun }), context));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [404]);
      assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, nouns.length);
    });
  }
});
