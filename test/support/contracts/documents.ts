/**
 * The OpenAPI document of each contract: the published one from the server, and that of an internal contract, which
 * no server publishes, as the server would make it.
 */
import { contracts } from '../../../src/contracts/index.ts';
import type { Core } from '../../../src/core/core.ts';
import type { Contract } from '../../../src/http/contract.ts';
import { describeContract } from '../../../src/http/reference/openapi.ts';
import { showUserAs } from '../../../src/http/show-user.ts';

/** A contract's name and the text of its document. */
export type NamedText = readonly [name: string, text: string];

/** The documents of all contracts of the list. */
export function readDocuments(baseUrl: string): Promise<readonly NamedText[]> {
  return Promise.all(
    contracts.map(async (contract): Promise<NamedText> => {
      const { name } = contract;
      if (contract.isInternal === true) return [name, describedDocument(contract)];
      const answer = await fetch(`${baseUrl}/openapi/${name}.json`);
      if (!answer.ok) throw new Error(`/openapi/${name}.json answered ${answer.status}`);
      return [name, await answer.text()];
    }),
  );
}

/** The document of a contract, made without a server. */
function describedDocument(contract: Contract): string {
  // Routes are described here and never called, so nothing asks for the core.
  const core: Partial<Core> = {};
  return JSON.stringify(
    describeContract({ contract, routes: contract.routes(core as Core, showUserAs(contracts)) }),
  );
}

/** The documents of all contracts of the list, made without a server. */
export function describedDocuments(): readonly NamedText[] {
  return contracts.map((contract) => [contract.name, describedDocument(contract)]);
}
