/** A Status object of the Kubernetes API conventions: how the API server says no. Pure. */
export interface StatusFailure {
  readonly code: number
  /** Machine-readable, such as `Forbidden`. */
  readonly reason: string
  readonly message: string
  /** More about it, for programs: what it is, and the words. */
  readonly causes?: readonly { readonly reason: string; readonly message: string }[]
}

export function writeStatus({ code, reason, message, causes = [] }: StatusFailure): Buffer {
  const details = causes.length === 0 ? {} : { details: { causes } }
  return Buffer.from(`${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...details, code })}\n`)
}
