import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { MaskEntry } from '../../src/governance/policy/policy-document.ts'
import type { Preview } from '../../src/governance/review/preview.ts'
import { CatalogKeeper, type CatalogView } from '../../src/protocols/postgres/catalog-keeper.ts'
import { type BoundParameters, type PreviewOptions, previewStatement } from '../../src/protocols/postgres/preview/preview-statement.ts'
import { cancelUpstream, connectUpstream, type Upstream } from '../../src/protocols/postgres/upstream.ts'
import { loadParser } from '../../src/sql/statement-analyser.ts'
import type { PostgresServer } from './postgres.ts'
import { int16, int32 } from './raw-client.ts'
import { createShop, type Shop } from './shop.ts'

export const PREVIEW_MASKS: readonly MaskEntry[] = [
  { name: 'personal', columns: ['customers.email', 'customers.ssn'], method: 'redact' },
  { name: 'card', columns: ['payments.card_number'], method: 'keep-last', keep: 4 },
]

/** A parameter in text format, or bytes in binary format. */
export type Parameter = string | null | Buffer

export interface Asked extends Partial<Omit<PreviewOptions, 'text' | 'parameters'>> {
  readonly parameters?: readonly Parameter[]
  readonly types?: readonly number[]
  /** As of a target before PostgreSQL 18, which does not tell of it. */
  readonly withoutSearchPath?: boolean
}

/** Asks for previews as a session of the gateway would. */
export class PreviewSetup {
  readonly shop: Shop
  readonly #server: PostgresServer
  readonly #keeper: CatalogKeeper
  #view: CatalogView | undefined
  /** What the target tells of a session's settings. */
  #settings: ReadonlyMap<string, string> = new Map()
  readonly #hashKey = randomBytes(32)

  private constructor(server: PostgresServer, shop: Shop) {
    this.#server = server
    this.shop = shop
    const quiet = (): void => undefined
    this.#keeper = new CatalogKeeper(() => this.connect(), { info: quiet, warn: quiet, error: quiet }, 1 << 20)
  }

  /** @param schema SQL that the gateway's login runs first; `administrate` likewise by the superuser */
  static async create(server: PostgresServer, schema: string, administrate = 'select'): Promise<PreviewSetup> {
    await loadParser()
    const shop = await createShop(server)
    await server.query(administrate, [], shop.database)
    await server.query(`set role ${shop.user}; ${schema}`, [], shop.database)
    const setup = new PreviewSetup(server, shop)
    setup.#view = await setup.#keeper.use(PREVIEW_MASKS)
    const upstream = await setup.connect()
    setup.#settings = upstream.parameters
    upstream.connection.destroy()
    return setup
  }

  get target() {
    const { database, user } = this.shop
    return { host: '127.0.0.1', port: this.#server.port, database, credential: { user, password: 'env:NONE' }, tls: { mode: 'disable' as const } }
  }

  get view(): CatalogView {
    if (this.#view === undefined) throw new Error('not created')
    return this.#view
  }

  connect(settings: ReadonlyMap<string, string> = new Map()): Promise<Upstream> {
    return connectUpstream(this.target, this.shop.password, settings, 10_000)
  }

  async changed(sql: string, asSuperuser = false): Promise<void> {
    await this.#server.query(asSuperuser ? sql : `set role ${this.shop.user}; ${sql}`, [], this.shop.database)
    this.view.markStale()
    await this.view.refresh()
  }

  async preview(text: string, asked: Asked = {}): Promise<Preview> {
    const { parameters, types, settings, withoutSearchPath, ...options } = asked
    const told = new Map([...this.#settings, ...(settings ?? [])])
    if (withoutSearchPath === true) told.delete('search_path')
    return previewStatement({
      connect: () => this.connect(),
      cancel: (upstream) => void cancelUpstream(this.target, upstream.processId, upstream.secret, 2_000).catch(() => undefined),
      text,
      analysis: this.view.analyser.analyse(text),
      catalog: this.view,
      hashKey: this.#hashKey,
      how: 'count',
      inTransaction: false,
      settings: told,
      ...(parameters !== undefined && { parameters: bound(parameters, types ?? []) }),
      ...options,
    })
  }

  /** How many rows the target itself says that it changes, all taken back. */
  async reallyChanged(text: string, { parameters = [], settings = new Map() }: Asked): Promise<number> {
    const client = new pg.Client(this.#server.client(this.shop.database))
    await client.connect()
    try {
      // Without triggers: references are not in the way.
      await client.query('begin; set local session_replication_role = replica')
      for (const [name, value] of settings) await client.query('select set_config($1, $2, true)', [name, value])
      return (await client.query({ text, values: [...parameters] })).rowCount ?? 0
    } finally {
      await client.end()
    }
  }

  close(): void {
    this.#keeper.release()
    this.#keeper.close()
  }
}

/** A Bind as a client would send it, between other messages. */
function bound(values: readonly Parameter[], types: readonly number[]): BoundParameters {
  const formats = values.map((value) => int16(Buffer.isBuffer(value) ? 1 : 0))
  const bytes = values.flatMap((value) => {
    if (value === null) return [int32(-1)]
    const content = Buffer.isBuffer(value) ? value : Buffer.from(value)
    return [int32(content.length), content]
  })
  const section = Buffer.concat([int16(values.length), ...formats, int16(values.length), ...bytes])
  const before = Buffer.from('some other message')
  const resultFormats = Buffer.concat([int16(1), int16(1)])
  return { types, bind: Buffer.concat([before, section, resultFormats]), parametersAt: before.length, bindEnd: before.length + section.length + resultFormats.length }
}
