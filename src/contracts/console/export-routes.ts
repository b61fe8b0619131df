/** Everything that the directory has of one person, as an archive with a signed manifest, and the people of a list as CSV. */
import type { Core } from '../../core/core.ts';
import { refuse, refuseFaults } from '../../core/errors.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { exportPeople } from '../../core/people/export-people.ts';
import { exportPerson } from '../../core/person-export/export-person.ts';
import { zipOf } from '../../http/answering/zip-archive.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { Type } from '../../http/shape.ts';
import { csvContentType, csvType, toCsv } from './people-csv.ts';
import { readPeopleQuery } from './people-routes.ts';
import { peopleExportQuery, personParams } from './people-schemas.ts';
import { staffOf } from './staff-caller.ts';

const zip = 'application/zip';

export function exportRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/people/:id/export',
      operationId: 'exportPerson',
      tag: 'People',
      summary: 'Export everything of one person',
      description:
        'An archive with `person.json`, a CSV file for each table and `manifest.json`, which is signed as receipts are. Needs a fresh second factor.',
      access: 'console.people.export',
      params: personParams,
      responses: {
        200: {
          description: 'The archive',
          schema: Type.String({ format: 'binary' }),
          contentTypes: [zip],
          headers: { 'Content-Disposition': { description: 'The name of the file.' } },
        },
      },
      refusals: ['user_not_found', 'fresh_factor_required'],
      handle: (call) => send(core, call),
    },
    {
      method: 'GET',
      path: '/people-export',
      operationId: 'exportPeople',
      tag: 'People',
      summary: 'Export the people who match',
      description:
        'A CSV file with a header line and the fields of the list: everyone who matches the text and the filters, newest first, each once. Needs a fresh second factor.',
      access: 'console.people.export',
      query: peopleExportQuery,
      responses: {
        200: {
          description: 'The file',
          schema: Type.String(),
          contentTypes: [csvType],
          headers: { 'Content-Disposition': { description: 'The name of the file.' } },
        },
      },
      refusals: ['invalid_fields', 'fresh_factor_required'],
      sampleFaults: [{ field: 'status', fault: 'invalid' }],
      handle: (call) => sendPeople(core, call),
    },
  ];
}

async function send(core: Core, call: Call): Promise<Answer> {
  const userId = parseUserIdText(call.params['id'] ?? '');
  if (userId === null) throw refuse('not_found', { noun: 'user' });
  const { id, pieces } = await exportPerson(core, staffOf(call), userId);
  return {
    status: 200,
    headers: { 'content-disposition': `attachment; filename="${id}.zip"` },
    stream: zipOf(pieces, core.clock.now()),
    contentType: zip,
  };
}

async function sendPeople(core: Core, call: Call): Promise<Answer> {
  const { query, filter, names, faults } = readPeopleQuery(call.query);
  refuseFaults(faults);
  const parts = exportPeople(core, staffOf(call), { query, filter, filterNames: names });
  return {
    status: 200,
    headers: { 'content-disposition': 'attachment; filename="people.csv"' },
    stream: toCsv(parts),
    contentType: csvContentType,
  };
}
