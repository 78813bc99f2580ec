/** How the configuration names a secret without holding it. */
export type SecretReference =
  | { readonly kind: 'vault'; readonly name: string }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }

/** Names of vault entries. */
export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const MAX_PATH = 4096

/** Reads `vault:NAME`, `env:NAME` or `file:PATH`; undefined for anything else, such as a secret in the clear. */
export function parseSecretReference(text: string): SecretReference | undefined {
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  switch (text.slice(0, Math.max(colon, 0))) {
    case 'vault':
      return SECRET_NAME.test(rest) ? { kind: 'vault', name: rest } : undefined
    case 'env':
      return VARIABLE_NAME.test(rest) ? { kind: 'env', variable: rest } : undefined
    case 'file':
      return rest.length > 0 && rest.length <= MAX_PATH && !rest.includes('\0')
        ? { kind: 'file', path: rest }
        : undefined
    default:
      return undefined
  }
}
