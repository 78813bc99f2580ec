/** What a mask on text streams can look for by name; see docs/reference/policy.md. */
export const DETECTOR_NAMES = [
  'email', 'payment-card', 'us-ssn', 'iban', 'phone', 'ip-address',
  'private-key', 'jwt', 'aws-access-key', 'github-token', 'api-token', 'bearer-token', 'url-password', 'password-assignment',
] as const

export type DetectorName = (typeof DETECTOR_NAMES)[number]
