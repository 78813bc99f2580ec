import assert from 'node:assert/strict'

interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
}

interface Form {
  readonly action: string
  readonly fields: Record<string, string>
  readonly html: string
}

/** A browser without scripts: cookies, redirects within the site, and forms. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>()

  /** Follows redirects, and the one form of a page that a script would have submitted. */
  async open(url: string, form?: URLSearchParams): Promise<Page> {
    let next: { url: string; form: URLSearchParams | undefined } = { url, form }
    for (let hops = 0; hops < 12; hops += 1) {
      const response = await fetch(next.url, {
        method: next.form === undefined ? 'GET' : 'POST', body: next.form ?? null, redirect: 'manual',
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') this.#cookies.delete(name)
        else this.#cookies.set(name, value)
      }
      const html = await response.text()
      const to = response.headers.get('location')
      if (to !== null) {
        next = { url: new URL(to, next.url).href, form: undefined }
        continue
      }
      const page = { url: next.url, status: response.status, html }
      const [only] = formsOf(page)
      if (!html.includes('Submitting Callback') || only === undefined) return page
      next = { url: only.action, form: new URLSearchParams(only.fields) }
    }
    throw new Error('the pages lead nowhere')
  }

  /** Submits the form that matches, with more fields. */
  submit(page: Page, which: (form: Form) => boolean, fields: Record<string, string> = {}): Promise<Page> {
    const form = formsOf(page).find(which)
    assert.ok(form, `no such form in ${page.html}`)
    return this.open(form.action, new URLSearchParams({ ...form.fields, ...fields }))
  }
}

function formsOf({ url, html }: Page): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([all, attributes = '', content = '']) => ({
    action: new URL(/action="([^"]*)"/.exec(attributes)?.[1] ?? '', url).href,
    fields: Object.fromEntries([...content.matchAll(/<input\b[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)].map(([, name, value]) => [name, value])),
    html: all,
  }))
}

/** What a person does with the code at the demo's provider. */
export async function answerDevicePage(url: string, userCode: string, person: string | undefined, browser = new FormBrowser()): Promise<Page> {
  const input = await browser.open(url)
  const confirm = input.html.includes('op.deviceConfirmForm') ? input
    : await browser.submit(input, ({ html }) => html.includes('op.deviceInputForm'), { user_code: userCode })
  if (person === undefined) return browser.submit(confirm, ({ html }) => html.includes('op.deviceConfirmForm'), { abort: 'yes' })
  const choice = await browser.submit(confirm, ({ html }) => html.includes('op.deviceConfirmForm'))
  return browser.submit(choice, ({ action }) => action.endsWith(`/${person}`))
}
