/** A real sender of texts, as an operator sets it up, with a service on this machine that takes every text. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import type { Environment } from '../../../src/config/environment.ts';
import { setUp } from '../../support/server/set-up.ts';
import { type Roster, startRoster } from '../../support/server/start.ts';

export interface Text {
  readonly to: string;
  readonly body: string;
}

export interface TextService {
  /** The settings of the service. */
  readonly env: Environment;
  /** The texts that it took, in their order. */
  readonly texts: readonly Text[];
  /** The texts to a number. */
  textsTo(to: string): readonly Text[];
  close(): void;
}

/** What the service answers to a text: its status and body, or null to hang. */
export type TextAnswer = (to: string) => { readonly status: number; readonly body: string } | null;

/** Starts the service; `settings` are those of the attacked deployment. */
export async function startTextService(
  settings: Environment = {},
  answerTo: TextAnswer = () => ({ status: 201, body: '{}' }),
): Promise<TextService> {
  const texts: Text[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const to = form.get('To') ?? '';
    const answer = answerTo(to);
    if (answer === null) return;
    if (answer.status === 201) texts.push({ to, body: form.get('Body') ?? '' });
    response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ROSTER_SMS: 'twilio',
      TWILIO_ACCOUNT_SID: 'AC0123',
      TWILIO_AUTH_TOKEN: 't0ken',
      TWILIO_FROM: '+12025550100',
      TWILIO_BASE_URL: `http://127.0.0.1:${port}`,
      ROSTER_SMS_HOME: 'US',
      ...settings,
    },
    texts,
    textsTo: (to) => texts.filter((text) => text.to === to),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A deployment with a real sender of texts, for a suite. */
export function setUpTexted(settings: Environment = {}): { roster: Roster; service: TextService } {
  const service = setUp(() => startTextService(settings));
  const roster = setUp(() => startRoster({ env: service.env }));
  after(async () => {
    await roster.close();
    service.close();
  });
  return { roster, service };
}
