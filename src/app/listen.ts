/** Where an app listens: a port that nobody else has, and what is wrong where it cannot be had, in terms of the settings. */
import { once } from 'node:events';
import { ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The port to listen on, once it is certain that nobody does: those who share one do not notice strangers. */
export async function findPort({ host, port }: ListenAddress): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer().listen({ host, port });
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** The settings that name an address. */
export interface AddressNames {
  readonly host: string;
  readonly port: string;
}

export const publicAddress: AddressNames = { host: settings.host.name, port: settings.port.name };
export const metricsAddress: AddressNames = {
  host: settings.metricsHost.name,
  port: settings.metricsPort.name,
};

/** Why nobody can listen there, in terms of the settings; any other error as it is. */
export function listenFault(error: unknown, { host, port }: ListenAddress, names: AddressNames): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const fault = (name: string, problem: string) => new ConfigError([{ name, problem }]);
  switch (code) {
    case 'EADDRINUSE':
      return fault(names.port, `${port} is in use on ${host}: choose another, or stop what listens there`);
    case 'EACCES':
    case 'EPERM':
      return fault(names.port, `${port} may not be used by this account: choose one above 1023`);
    case 'ENOTSUP':
      return fault(settings.workers.name, 'must be 1 on this system: processes cannot share a port here');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return fault(names.host, `${host} is not an address of this machine`);
    default:
      return error;
  }
}
