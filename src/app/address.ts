/**
 * Where a deployment is reached: by people, and by itself. The settings say most of it. Where any port will do, it is
 * known once the server listens; whoever needs an address asks each time.
 */
import type { Config } from '../config/config.ts';

export interface AppAddress {
  /** Where people reach this server, without a slash at its end. */
  readonly publicUrl: string;
  /** The page that links lead to. */
  readonly linkUrl: string;
  /** Where this server reaches itself. */
  readonly localUrl: string;
  /** Told the address that the server listens at, such as `http://127.0.0.1:8080`. */
  listensAt(address: string): void;
}

export function createAppAddress({ publicUrl, linkUrl, port }: Config): AppAddress {
  const own = { port: String(port), localUrl: `http://127.0.0.1:${port}` };
  return {
    get publicUrl() {
      return publicUrl ?? `http://localhost:${own.port}`;
    },
    get linkUrl() {
      return linkUrl ?? `${this.publicUrl}/set-password`;
    },
    get localUrl() {
      return own.localUrl;
    },
    listensAt(address) {
      const url = new URL(address);
      own.port = url.port;
      own.localUrl = `http://${reachable(url.hostname)}:${url.port}`;
    },
  };
}

/** Where a socket that listens everywhere is reached on this machine. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '[::]' ? '[::1]' : host;
}
