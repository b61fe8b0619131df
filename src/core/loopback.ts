/** The hosts that are this machine: what is sent to them crosses no network. */

const names = /^(.+\.)?localhost\.?$/;
const addresses = /^(127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether the host of a URL is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return names.test(host) || addresses.test(host);
}
