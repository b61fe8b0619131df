/**
 * The addresses of a deployment: the one that people use, and the one at which the server reaches itself. They follow
 * from the settings. With port 0 the port is known only once the server listens, so callers read an address each time
 * and do not store it.
 */
import type { Config } from '../config/config.ts';

export interface AppAddress {
  /** The address that people use, without a slash at its end. */
  readonly publicUrl: string;
  /**
   * The address in OpenAPI documents: the one that people use, or where the settings have none, the one that the server
   * listens at. Tools for these documents refuse the name `localhost`.
   */
  readonly documentUrl: string;
  /** The web page to which the links of resets and invitations lead. */
  readonly linkUrl: string;
  /** The web page to which the links lead that prove an email. */
  readonly proofUrl: string;
  /** The web page to which the links lead that change an email. */
  readonly changeUrl: string;
  /** The web page to which the links lead that undo a change of an email. */
  readonly undoUrl: string;
  /** The address at which this server reaches itself. */
  readonly localUrl: string;
  /** The server calls this with the address that it listens at, such as `http://127.0.0.1:8080`. */
  listensAt(address: string): void;
}

export function createAppAddress({ publicUrl, linkUrl, port }: Config): AppAddress {
  const own = { port: String(port), localUrl: `http://127.0.0.1:${port}` };
  return {
    get publicUrl() {
      return publicUrl ?? `http://localhost:${own.port}`;
    },
    get documentUrl() {
      return publicUrl ?? own.localUrl;
    },
    get linkUrl() {
      return linkUrl ?? `${this.publicUrl}/set-password`;
    },
    get proofUrl() {
      return `${this.publicUrl}/prove-email`;
    },
    get changeUrl() {
      return `${this.publicUrl}/change-email`;
    },
    get undoUrl() {
      return `${this.publicUrl}/undo-email-change`;
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

/** The host at which this machine reaches a socket that listens on all interfaces. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '[::]' ? '[::1]' : host;
}
