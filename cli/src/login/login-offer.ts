import { LoginOffer, type LoginIssuer, routes } from '@sallyport/contract'
import { EXIT, Failure } from '../failure.ts'
import { oneLine } from '../terminal/plain-text.ts'
import { boundedFetch, NoAnswer, permittedUrl } from './bounded-fetch.ts'

/**
 * Asks a gateway at which issuer to log in.
 * @param wanted name of the issuer, where the gateway names several
 * @throws Failure
 */
export async function chooseIssuer(gateway: string, wanted: string | undefined): Promise<LoginIssuer> {
  const issuers = await offeredIssuers(gateway)
  const names = issuers.map(({ name }) => oneLine(name)).join(', ')
  if (issuers.length === 0) {
    throw new Failure('this gateway names no issuer at which one could log in here', 'Have the operator set "cli" of an issuer in the policy; see docs/reference/policy.md.')
  }
  const found = wanted === undefined ? issuers : issuers.filter(({ name }) => name === wanted)
  const [issuer, other] = found
  if (issuer === undefined) throw new Failure(`this gateway has no issuer "${oneLine(wanted ?? '')}" for logins`, `It has ${names}.`, EXIT.usage)
  if (other !== undefined) throw new Failure('this gateway has more than one issuer for logins', `Name one with --issuer: ${names}.`, EXIT.usage)
  return issuer
}

async function offeredIssuers(gateway: string): Promise<readonly LoginIssuer[]> {
  const home = new URL(gateway)
  try {
    const response = await boundedFetch(home)(new URL(routes.login, home).href, { headers: { accept: 'application/json' } })
    const offer = LoginOffer.safeParse(response.status === 200 ? await response.json().catch(() => undefined) : undefined)
    if (!offer.success) throw new NoAnswer(`its answer (${response.status}) is none of a sallyport gateway of this version`, false)
    // A gateway elsewhere has no say over what is asked on this machine.
    for (const { issuer } of offer.data.issuers) permittedUrl(issuer, home)
    return offer.data.issuers
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    throw new Failure(`the gateway at ${oneLine(home.origin)} does not say where to log in: ${error.message}`, 'Check that it runs, and the address in --api or SALLYPORT_API.')
  }
}
