/** Finds a port that no other program uses, and explains in terms of the settings why an app cannot listen. */
import { once } from 'node:events';
import { ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The port to listen on, after a check that no program listens there: a shared socket would not notice another program. */
export async function findPort({ host, port }: ListenAddress): Promise<number> {
  const { createServer } = await import('node:net');
  const probe = createServer().listen({ host, port });
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** The settings that an address comes from. */
export interface AddressNames {
  readonly host: string;
  readonly port: string;
}

export const publicAddress: AddressNames = { host: settings.host.name, port: settings.port.name };
export const metricsAddress: AddressNames = {
  host: settings.metricsHost.name,
  port: settings.metricsPort.name,
};

/** The reason why the address cannot be listened at, in terms of the settings; returns any other error unchanged. */
export function listenFault(error: unknown, { host, port }: ListenAddress, names: AddressNames): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const fault = (name: string, problem: string) => new ConfigError([{ name, problem }]);
  switch (code) {
    case 'EADDRINUSE':
      return fault(
        names.port,
        `${port} is in use on ${host}: choose another port, or stop the program that listens there`,
      );
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
