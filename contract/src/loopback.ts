/**
 * True for the names and addresses of this machine, as a URL or a setting writes them: the only ones where tokens and
 * documents may go without TLS. A name that merely resolves to one is not taken.
 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
