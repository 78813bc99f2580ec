import { type DeviceAuthorization, readDeviceAnswer as read } from '@sallyport/contract'
import { NoAnswer, permittedUrl } from './bounded-fetch.ts'

export type { DeviceAuthorization, VerificationPage } from '@sallyport/contract'

/** Reads the answer of a device authorization endpoint. @throws NoAnswer */
export function readDeviceAnswer(answer: unknown, issuer: URL, verificationHosts: readonly string[]): DeviceAuthorization {
  return read(answer, { issuer, verificationHosts, permitted: (text) => permittedUrl(text, issuer), unusable: (why) => new NoAnswer(why, false) })
}
