import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { Configuration } from 'oidc-provider'

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

/** The provider's pages of the device flow (RFC 8628 §3.3), each with the form that the provider makes. */
export const devicePages: Pick<DeviceFlow, 'userCodeInputSource' | 'userCodeConfirmSource' | 'successSource'> = {
  userCodeInputSource(context, form, _out, error) {
    const words = error === undefined ? 'Enter the code that the terminal shows.' : 'There is no such code, or it was used or has expired. Try again.'
    context.body = page('Log in', `<p>${words}</p>${form}<button autofocus type="submit" form="op.deviceInputForm">Continue</button>`)
  },
  userCodeConfirmSource(context, form, _client, _device, userCode) {
    context.body = page('Is this your code?', `<p class="code">${userCode}</p><p>Go on only when your own terminal shows it: whoever has it there is logged in.</p>
${form}<button autofocus type="submit" form="op.deviceConfirmForm">Continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Refuse</button>`)
  },
  successSource(context) {
    context.body = page('You are logged in', '<p>Go back to the terminal. This page can be closed.</p>')
  },
}

/** What is wrong is told by its code, which is the provider's own: nothing of the request stands on the page. */
export const showError: NonNullable<Configuration['renderError']> = (context, { error }) => {
  context.type = 'html'
  context.body = page('That did not work', `<p>${error.replaceAll(/[^a-z_]/g, '')}</p><p>Begin anew where you came from.</p>`)
}

/** Path of the page at which a person says who they are. */
export const loginPath = (interaction: string) => `/login/${interaction}`

/**
 * The demo's login: one button a person, without a password, as everything here is on this machine.
 * @returns false when the request is for another page
 */
export async function serveLoginPage(provider: Provider, people: readonly string[], request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const path = request.url?.split('?')[0] ?? ''
  if (!path.startsWith(loginPath(''))) return false
  try {
    if (request.method === 'POST') {
      const person = people.find((name) => path.endsWith(`/${name}`))
      const result = person === undefined ? { error: 'access_denied', error_description: 'nobody logged in' } : { login: { accountId: person } }
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
      return true
    }
    const { uid } = await provider.interactionDetails(request, response)
    const buttons = people.map((name) => `<form method="post" action="${loginPath(uid)}/${name}"><button type="submit">${name}</button></form>`)
    const refuse = `<form method="post" action="${loginPath(uid)}"><button type="submit">Refuse</button></form>`
    send(response, 200, page('Who are you?', `<p>This demo knows these people, and asks for no password.</p>${buttons.join('')}${refuse}`))
  } catch {
    send(response, 400, page('This login is over', '<p>Begin anew where you came from.</p>'))
  }
  return true
}

export function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body)
}

export function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}button,input{font:inherit;margin:.25rem 0;padding:.4rem 1.2rem}
.code,input{font-family:monospace;font-size:1.6rem;letter-spacing:.1em}</style></head><body><h1>${title}</h1>${content}</body></html>`
}
