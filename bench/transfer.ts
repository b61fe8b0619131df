/** Import and export of users by the commands, in a directory that already has users. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { type Figure, figureOf } from './figures.ts';
import { scrambled } from './people.ts';
import { runRoster } from './processes.ts';

const rowsEach = 300_000;
const columns = 'external_id,email,first_name,last_name,phone,date_of_birth,language,timezone,created_at\n';

export async function importUsers({ fixture, rounds }: Bench): Promise<Figure[]> {
  const rates: number[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const file = join(fixture.scratch, `users-${round}.csv`);
    await writeRows(file, round * rowsEach);
    const { output, seconds, peakMib } = await runRoster(fixture, ['import', file, '--org', fixture.orgId]);
    const { imported = 0 } = output;
    if (imported !== rowsEach) throw new Error(`${imported} users were imported`);
    rates.push(imported / seconds);
    peaks.push(peakMib);
  }
  return [
    figureOf('import', 'users/s', { rounds: rates, aim: { atLeast: 30_000 } }),
    figureOf('import', 'peak memory', { unit: 'MiB', rounds: peaks }),
  ];
}

export async function exportUsers({ fixture, rounds }: Bench): Promise<Figure[]> {
  const rates: number[] = [];
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const file = join(fixture.scratch, 'users.csv');
    const { output, seconds, peakMib } = await runRoster(fixture, [
      'export',
      '--org',
      fixture.orgId,
      '--force',
      '--out',
      file,
    ]);
    const { exported = 0 } = output;
    if (exported !== fixture.users) throw new Error(`${exported} users were exported`);
    rates.push(exported / seconds);
    peaks.push(peakMib);
  }
  return [
    figureOf('export', 'users/s', { rounds: rates, aim: { atLeast: 100_000 } }),
    figureOf('export', 'peak memory', { unit: 'MiB', rounds: peaks }),
  ];
}

/** Rows like those of a clinic, with email addresses and phone numbers in no sort order. */
async function writeRows(file: string, first: number): Promise<void> {
  const handle = await open(file, 'w');
  await handle.write(columns);
  for (let from = first; from < first + rowsEach; from += 10_000) {
    let text = '';
    for (let number = from; number < Math.min(from + 10_000, first + rowsEach); number++) {
      const phone = `+1212555${String(number % 10_000).padStart(4, '0')}`;
      const born = `${1940 + (number % 80)}-0${1 + (number % 9)}-${10 + (number % 19)}`;
      const name = scrambled(number);
      text += `clinic-${number},${name}@example.org,Robin,Example ${number},${phone},${born},en,Europe/Berlin,2024-05-${10 + (number % 19)}T08:30:00Z\n`;
    }
    await handle.write(text);
  }
  await handle.close();
}
