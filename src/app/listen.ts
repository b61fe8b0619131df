/**
 * Makes the sockets on which several processes listen at one address, and explains in terms of the settings why an app cannot
 * listen.
 */
import { once } from 'node:events';
import { ConfigError } from '../config/config.ts';
import { settings } from '../config/settings.ts';
import { errorCodeOf } from '../core/error-code.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A socket that is bound to the shared address. The system passes it connections once a process listens on it. */
export interface SharedSocket {
  /** A process that is started with this file as an open one can listen on it. */
  readonly file: number;
  readonly port: number;
  /**
   * Another socket at the same address. Takes the place of this one, which is closed: connections that no process has
   * accepted are reset.
   */
  replace(): SharedSocket;
  /** A process that listens on it keeps it open for itself. */
  close(): void;
}

/**
 * Sockets at one address, among which the system distributes the connections.
 *
 * @throws {ConfigError} if the address cannot be listened at.
 */
export async function bindShared(at: ListenAddress, count: number): Promise<readonly SharedSocket[]> {
  const { BoundSocket } = await import('node:net');
  const bindAt = (where: ListenAddress): SharedSocket => {
    const socket = new BoundSocket({ ...where, reusePort: true });
    return {
      file: socket.fd(),
      port: where.port,
      replace() {
        // The new one first, so that no other program gets the address between the two.
        const other = bindAt(where);
        socket.close();
        return other;
      },
      close: () => socket.close(),
    };
  };
  try {
    const free = await findAddress(at);
    return Array.from({ length: count }, () => bindAt(free));
  } catch (error) {
    throw listenFault(error, at, publicAddress);
  }
}

/** The address in numbers, after a check that no program listens there: shared sockets would not notice another program. */
async function findAddress({ host, port }: ListenAddress): Promise<ListenAddress> {
  const { createServer } = await import('node:net');
  const probe = createServer().listen({ host, port });
  await once(probe, 'listening');
  const found = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof found === 'string' || found === null) throw new Error('the address has no port');
  return { host: found.address, port: found.port };
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
  const fault = (name: string, problem: string) => new ConfigError([{ name, problem }]);
  switch (errorCodeOf(error)) {
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
