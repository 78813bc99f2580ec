import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'

/** An address to which signed messages are sent: nobody on the way may read or answer them. */
export const webhookUrl = z
  .string()
  .max(2000, 'at most 2000 characters')
  .refine(mayBeSentTo, 'expected an https URL without user, password or fragment; http only on loopback')

function mayBeSentTo(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
