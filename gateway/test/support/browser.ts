import { request, type IncomingHttpHeaders } from 'node:http'

export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Visit {
  readonly method?: string
  /** An empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** In place of the jar's cookies; null for none. */
  readonly cookie?: string | null
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

const MAX_REDIRECTS = 12

/**
 * What a browser does for logins: keeps cookies (by path; all servers are one host), follows redirects, and says by Fetch
 * Metadata that it goes to a page. Built on node:http, as fetch sets these headers itself.
 */
export class Browser {
  readonly #jar = new Map<string, Cookie>()
  /** Every value of a cookie that it ever got, and every address it went to: what must not stand in the clear anywhere. */
  readonly seenCookies: string[] = []
  readonly visited: string[] = []

  /** One request, no redirect followed. */
  go(url: string, visit: Visit = {}): Promise<Page> {
    this.visited.push(url)
    const { method = 'GET', headers = {}, body } = visit
    const cookie = visit.cookie === undefined ? this.#cookiesFor(url) : (visit.cookie ?? '')
    return new Promise((resolve, reject) => {
      const all = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none', cookie, ...headers }
      const sent = request(url, {
        method, agent: false, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          for (const line of response.headers['set-cookie'] ?? []) this.#keep(line)
          resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
        })
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** Follows redirects until a page, or until the next address is one that `stop` picks; that is not gone to. */
  async follow(url: string, stop: (url: string) => boolean = () => false): Promise<Page> {
    let at = url
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const page = await this.go(at)
      const next = page.headers.location === undefined ? undefined : new URL(page.headers.location, at).href
      if (next === undefined) return page
      if (stop(next)) return { ...page, url: next }
      at = next
    }
    throw new Error('too many redirects')
  }

  /** As a page of `origin` asks its own server. */
  ask(url: string, visit: Visit = {}): Promise<Page> {
    const { origin } = new URL(url)
    const changes = visit.method !== undefined && visit.method !== 'GET'
    return this.go(url, {
      ...visit,
      headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin', ...(changes ? { origin } : {}), ...visit.headers },
    })
  }

  cookie(name: string): string | undefined {
    return [...this.#jar.values()].find((cookie) => cookie.name === name)?.value
  }

  plant(name: string, value: string): void {
    this.#jar.set(`${name} /`, { name, value, path: '/' })
  }

  #cookiesFor(url: string): string {
    const { pathname } = new URL(url)
    const under = (path: string) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
    return [...this.#jar.values()].filter(({ path }) => under(path)).map(({ name, value }) => `${name}=${value}`).join('; ')
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
    const gone = attributes.some((one) => /^max-age=0$/i.test(one) || (/^expires=/i.test(one) && Date.parse(one.slice(8)) < Date.now()))
    if (value.length >= 16) this.seenCookies.push(value)
    if (gone) this.#jar.delete(`${name} ${path}`)
    else this.#jar.set(`${name} ${path}`, { name, value, path })
  }
}
