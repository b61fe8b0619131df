/** The rules of two common linters of OpenAPI documents, Redocly and Spectral, over every document that a server publishes. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectral, { type RulesetDefinition } from '@stoplight/spectral-core';
import spectralRules from '@stoplight/spectral-rulesets';
import { contracts } from '../../src/contracts/index.ts';
import { readDocuments } from '../support/contracts/documents.ts';
import { setUpRoster } from '../support/server/set-up.ts';

/** The rules of a linter that a document breaks, each with the place in the document. */
type Linter = (document: string) => Promise<string[]>;

const redoclyConfig = await createConfig({ extends: ['recommended-strict'] });
const redocly: Linter = async (source) => {
  const problems = await lintFromString({ source, config: redoclyConfig });
  return problems.map(({ ruleId, location: [at] }) => `${ruleId} at ${at?.pointer}`);
};

const spectralLinter = new spectral.Spectral();
// The two packages disagree about the type of a set of rules.
const oas: object = spectralRules.oas;
spectralLinter.setRuleset({
  extends: [[oas as RulesetDefinition, 'all']],
  rules: {
    // The address of the operator, which the software does not know.
    'contact-properties': 'off',
    // OpenAPI 3.1 allows a URL or an identifier, and the documents have the identifier.
    'license-url': 'off',
    // The order of the tags is that of the chapters: users come first.
    'openapi-tags-alphabetical': 'off',
  },
});
const spectralOf: Linter = async (document) => {
  const results = await spectralLinter.run(document);
  return results.map(({ code, path }) => `${code} at #/${path.join('/')}`);
};

describe('OpenAPI documents', () => {
  const roster = setUpRoster();
  const documents = new Map<string, string>();
  before(async () => {
    for (const [name, text] of await readDocuments(roster.baseUrl)) documents.set(name, text);
  });

  for (const { name } of contracts) {
    test(`no rule of Redocly or Spectral is broken by ${name}`, async () => {
      const document = documents.get(name) ?? '';
      assert.deepEqual([await redocly(document), await spectralOf(document)], [[], []]);
    });
  }

  test('the linters find an operation without a tag and without a summary', async () => {
    const document = JSON.parse(documents.get('sonar') ?? '');
    const operation = document.paths['/v1/users'].get;
    delete operation.tags;
    delete operation.summary;
    const broken = JSON.stringify(document);
    assert.deepEqual(await redocly(broken), ['operation-summary at #/paths/~1v1~1users/get/summary']);
    assert.deepEqual(await spectralOf(broken), ['operation-tags at #/paths//v1/users/get']);
  });
});
