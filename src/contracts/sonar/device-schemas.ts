/** The shapes of the devices of a user in `sonar`. */
import { connectionStates } from '../../core/providers/connection.ts';
import { instant, named, nullable, type Static, Type } from '../../http/shape.ts';

const id = Type.String({ pattern: '^dev_[0-9a-z]+$', description: 'The id of the device.' });
const provider = Type.String({ description: 'The name of the provider.' });
const status = Type.Enum([...connectionStates], {
  description: [
    '`pending` until the person has come back from the provider; `active`; `needs_user` once the provider says that its',
    'grant is gone; `revoking` after a disconnect until the provider confirms, then `revoked`; `overdue` where it has',
    'not confirmed for 30 days and is still asked.',
  ].join(' '),
});

/** A device as this document shows one. */
export const deviceSchema = named(
  'Device',
  Type.Object({
    id,
    provider,
    status,
    connected_at: nullable(instant('When the provider last allowed access.')),
    last_sync_at: nullable(instant('When data of the device last came in.')),
  }),
);

export type SonarDevice = Static<typeof deviceSchema>;

export const deviceListSchema = named('DeviceList', Type.Object({ data: Type.Array(deviceSchema) }));

/** What connecting a device is answered with. */
export const connectionAnswerSchema = named(
  'ConnectionAnswer',
  Type.Object({
    data: Type.Object({
      id,
      provider,
      status,
      auth_url: nullable(
        Type.String({
          format: 'uri',
          description: [
            'Where to send the person, within ten minutes: a web page of this server that names the app and the account,',
            'and leads to the provider after a press. Only the browser in which the person presses can finish the connection.',
            'Null only where a repeated request finds that they have been there.',
          ].join(' '),
        }),
      ),
    }),
  }),
);

export const connectBody = named(
  'NewConnection',
  Type.Object({
    provider: Type.String({
      description: 'One of the providers that are switched on.',
      examples: ['fitbit'],
    }),
  }),
);

export const deviceParams = Type.Object({
  user_id: Type.String({ description: 'Sonar user ID', examples: ['usr_abc123'] }),
  device_id: Type.String({ description: 'The id of the device', examples: ['dev_abc123'] }),
});

/** A device that delivers. */
export const deviceExample: SonarDevice = {
  id: 'dev_abc123',
  provider: 'fitbit',
  status: 'active',
  connected_at: '2025-01-15T10:05:00Z',
  last_sync_at: '2025-01-20T08:30:00Z',
};
