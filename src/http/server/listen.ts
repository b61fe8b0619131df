/** Listens with a server of Node, and returns its address. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address, or an open file that is a bound socket. */
export type ListenOptions = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Resolves with the address that the server listens at; rejects with Node's error. */
export function listen(server: Server, options: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('fd' in options ? { fd: options.fd } : { host: options.host, port: options.port }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Where a program on this machine reaches the address, such as `http://127.0.0.1:8080`. */
export function originOf({ address, port }: AddressInfo): string {
  return address === '0.0.0.0' ? `http://127.0.0.1:${port}` : `http://${hostOf(address)}:${port}`;
}

/** A host as URLs write it: an IPv6 address in brackets. */
export function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
