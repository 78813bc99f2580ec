import fc from 'fast-check'

/** Tables of the masked shop, by what they are called. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  customers: ['id', 'name', 'email', 'phone', 'ssn', 'city', 'created_at'],
  'public.customers': ['id', 'name', 'email', 'phone', 'ssn', 'city', 'created_at'],
  orders: ['id', 'customer_id', 'status', 'total', 'placed_at'],
  payments: ['id', 'order_id', 'card_number', 'amount', 'paid_at'],
  customer_list: ['id', 'name', 'email', 'city'],
  contact: ['id', 'reach'],
  customer_upper: ['id', 'loud', 'city'],
  premium_customers: ['id', 'name', 'email', 'phone', 'ssn', 'city', 'created_at', 'tier', 'ssn_end', 'email_loud'],
  'archive.others': ['ssn', 'id', 'name', 'email', 'phone', 'city', 'created_at'],
  customer_snapshot: ['id', 'email', 'ssn'],
}

/** Few names for many things, so that they shadow and collide. */
const NAMES = ['id', 'ssn', 'email', 'name', 'city', 'a', 'b', 'customers'] as const

interface Item {
  readonly alias: string
  readonly columns: readonly string[]
}

interface Query {
  readonly sql: string
  readonly columns: readonly string[]
}

type Pick = <T>(values: readonly T[]) => T

/** Queries over the masked tables: nested, joined, correlated, with WITH and set operations; most of them valid. */
export const randomQuery: fc.Arbitrary<string> = fc.gen().map((generate) => {
  let picks = 0
  // A tape of choices that fast-check can shrink.
  const pick: Pick = (values) => {
    picks += 1
    const value = values[generate(fc.nat, Math.max(values.length - 1, 0))]
    if (value === undefined) throw new Error(`nothing to pick from at choice ${picks}`)
    return value
  }
  return new QueryWriter(pick).query(3, [], new Map()).sql
})

class QueryWriter {
  readonly #pick: Pick
  #aliases = 0

  constructor(pick: Pick) {
    this.#pick = pick
  }

  query(depth: number, outer: readonly Item[], ctes: ReadonlyMap<string, readonly string[]>): Query {
    const known = new Map(ctes)
    let clause = ''
    if (depth > 0 && this.#one(4)) {
      const name = this.#pick(['x', 'y', 'customers', 'orders'])
      const body = this.query(depth - 1, outer, ctes)
      known.set(name, body.columns)
      clause = `with ${name} as (${body.sql}) `
    }
    const core = this.#select(depth, outer, known)
    const arm = depth > 0 && this.#one(8) ? `(${core.sql}) union all (${this.#select(0, outer, known).sql})` : core.sql
    return { sql: `${clause}${arm} limit 20`, columns: core.columns }
  }

  #select(depth: number, outer: readonly Item[], ctes: ReadonlyMap<string, readonly string[]>): Query {
    const from = this.#from(depth, outer, ctes)
    const visible = this.#one(3) ? [...from.items, ...outer] : from.items
    const targets: string[] = []
    const columns: string[] = []
    for (let count = this.#pick([1, 1, 2, 3]); count > 0; count--) {
      const { sql, columns: given } = this.#target(depth, visible, from.items, outer, ctes)
      targets.push(sql)
      columns.push(...given)
    }
    const where = this.#one(6) ? ` where ${this.#column(visible)} is not null` : ''
    const order = this.#one(6) ? ` order by ${this.#pick([1, 2, this.#column(visible)])}` : ''
    const distinct = this.#one(12) ? 'distinct ' : ''
    return { sql: `select ${distinct}${targets.join(', ')} from ${from.sql}${where}${order}`, columns }
  }

  #target(depth: number, visible: readonly Item[], own: readonly Item[], outer: readonly Item[], ctes: ReadonlyMap<string, readonly string[]>): Query {
    const item = this.#pick(visible)
    switch (this.#pick(['column', 'column', 'column', 'alias', 'alias', 'star', 'rowStar', 'rowStar', 'expression', 'row', 'field', 'scalar', 'bare'])) {
      case 'star': return { sql: '*', columns: own.flatMap(({ columns }) => columns) }
      case 'rowStar': return { sql: `${item.alias}.*`, columns: item.columns }
      case 'expression': {
        const column = this.#column(visible)
        return this.#named(this.#pick([`upper(${column}::text)`, `${column}::text || 'x'`, `coalesce(${column}::text, '')`, `max(${column}::text) over ()`, '1']))
      }
      case 'row': return this.#named(this.#pick([item.alias, `to_json(${item.alias})`]))
      case 'field': return this.#named(`(${item.alias}).${this.#pick(item.columns)}`)
      case 'scalar': return depth === 0 ? this.#named("'none'")
        : this.#named(`(select z from (${this.query(depth - 1, [...visible, ...outer], ctes).sql}) z limit 1)`)
      case 'alias': return this.#named(this.#column(visible))
      case 'bare': {
        const column = this.#pick(item.columns)
        return { sql: column, columns: [column] }
      }
      default: {
        const column = this.#pick(item.columns)
        return { sql: `${item.alias}.${column}`, columns: [column] }
      }
    }
  }

  #named(sql: string): Query {
    const name = this.#pick(NAMES)
    return { sql: `${sql} as ${name}`, columns: [name] }
  }

  #column(items: readonly Item[]): string {
    const item = this.#pick(items)
    return `${item.alias}.${this.#pick(item.columns)}`
  }

  #from(depth: number, outer: readonly Item[], ctes: ReadonlyMap<string, readonly string[]>): { sql: string, items: readonly Item[] } {
    const first = this.#item(depth, [], outer, ctes)
    if (!this.#one(2)) return { sql: first.sql, items: [first.item] }
    const second = this.#item(depth, [first.item], outer, ctes)
    const items = [first.item, second.item]
    const shared = first.item.columns.filter((column) => second.item.columns.includes(column))
    switch (this.#pick(['comma', 'on', 'left', 'using', 'natural', 'cross', 'aliased'])) {
      case 'on': return { sql: `${first.sql} join ${second.sql} on ${this.#pick(['true', `${this.#column(items)} is not null`])}`, items }
      case 'left': return { sql: `${first.sql} left join ${second.sql} on true`, items }
      case 'using': return { sql: `${first.sql} join ${second.sql} ${shared.length > 0 ? `using (${this.#pick(shared)})` : 'on true'}`, items }
      case 'natural': return { sql: `${first.sql} natural join ${second.sql}`, items }
      case 'cross': return { sql: `${first.sql} cross join ${second.sql}`, items }
      case 'aliased': {
        const alias = this.#alias()
        const columns = [...NAMES.slice(0, 5).map((name, index) => `${name}${index}`)]
        return {
          sql: `(${first.sql} cross join ${second.sql}) as ${alias}(${columns.join(', ')})`,
          items: [{ alias, columns: columns.slice(0, Math.min(5, first.item.columns.length + second.item.columns.length)) }],
        }
      }
      default: return { sql: `${first.sql}, ${second.sql}`, items }
    }
  }

  #item(depth: number, before: readonly Item[], outer: readonly Item[], ctes: ReadonlyMap<string, readonly string[]>): { sql: string, item: Item } {
    const kind = this.#pick(['table', 'table', 'subquery', 'lateral', 'cte', 'renamed', 'function'])
    const alias = this.#alias()
    if (depth > 0 && (kind === 'subquery' || kind === 'lateral')) {
      const lateral = kind === 'lateral'
      const body = this.query(depth - 1, lateral ? [...before, ...outer] : outer, ctes)
      const names = body.columns.map((_, index) => `${this.#pick(NAMES)}${index}`)
      const renamed = this.#one(2) && names.length > 0
      return {
        sql: `${lateral ? 'lateral ' : ''}(${body.sql}) ${alias}${renamed ? `(${names.join(', ')})` : ''}`,
        item: { alias, columns: renamed ? names : body.columns },
      }
    }
    if (kind === 'function') return { sql: `json_each('{"a": 1}') ${alias}`, item: { alias, columns: ['key', 'value'] } }
    if (kind === 'cte' && ctes.size > 0) {
      const [name, columns] = this.#pick([...ctes])
      return { sql: `${name} ${alias}`, item: { alias, columns } }
    }
    const [table, columns] = this.#pick(Object.entries(TABLES))
    // A WITH query may have taken the name.
    const own = ctes.get(table) ?? columns
    if (kind !== 'renamed') return { sql: `${table} ${alias}`, item: { alias, columns: own } }
    const names = own.slice(0, 4).map((_, index) => own[own.length - 1 - index] ?? 'a').map((name, index) => `${name}_${index}`)
    return { sql: `${table} ${alias}(${names.join(', ')})`, item: { alias, columns: [...names, ...own.slice(names.length)] } }
  }

  #alias(): string {
    // Often used twice, at different depths.
    this.#aliases += 1
    return this.#pick(['c', 'o', `t${this.#aliases}`, `t${this.#aliases}`])
  }

  /** True once in so many. */
  #one(times: number): boolean {
    return this.#pick(Array.from({ length: times }, (_, index) => index)) === times - 1
  }
}
