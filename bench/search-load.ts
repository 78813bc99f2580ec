import type { RecordedEvent } from '../gateway/src/governance/recording/event-schema.ts'

const OPERATIONS_A_SESSION = 50
const DAYS = 30
const TABLES = ['customers', 'orders', 'payments', 'tickets', 'accounts', 'invoices', 'shipments', 'products']
const ACTIONS = ['select', 'select', 'select', 'select', 'select', 'insert', 'update', 'delete']
const CODES = ['42P01', '42703', '23505', '57014']

/** Events of sessions with so many operations in all, most of them distinct, over the last thirty days. The same at every call. */
export function* sessionsOf(operations: number, nowMs: number): Generator<RecordedEvent> {
  const random = generator(7)
  const below = (limit: number): number => Math.floor(random() * limit)
  const step = (DAYS * 86_400_000) / operations
  let at = nowMs - DAYS * 86_400_000
  for (let done = 0, number = 0; done < operations; number += 1) {
    const id = `s-${String(number).padStart(6, '0')}-${below(1e9).toString(36)}`
    const person = number % 5 === 0
    yield {
      v: 1, event: 'session.opened', at: Math.floor(at), session: id, tokenId: `t${number}`, target: number % 4 === 0 ? 'crm' : 'shop', protocol: 'postgres',
      purpose: `answers ticket ${number % 1_000}`, client: '127.0.0.1', application: 'psql', policyVersion: 3,
      identity: {
        kind: person ? 'person' : 'agent', name: person ? `person-${number % 40}` : `agent-${number % 20}`, issuer: 'corp', subject: `s${number}`, groups: [],
        actors: person ? [`agent-${number % 20}`] : [],
      },
    }
    const size = Math.min(OPERATIONS_A_SESSION, operations - done)
    for (let n = 1; n <= size; n += 1) {
      at += step
      const table = TABLES[below(TABLES.length)] ?? ''
      const action = ACTIONS[below(ACTIONS.length)] ?? ''
      const denied = below(50) === 0
      yield {
        v: 1, event: 'operation.decided', at: Math.floor(at), session: id, n, text: statement(action, table, below), actions: [action], objects: [`public.${table}`],
        readOnly: action === 'select', decision: denied ? 'deny' : 'allow', rule: denied ? 'unbounded' : action === 'select' ? 'reads' : 'writes', policyVersion: 3,
      }
      if (denied) continue
      const failed = below(100) === 0
      yield {
        v: 1, event: 'operation.finished', at: Math.floor(at + 1), session: id, n, result: failed ? 'failed' : 'completed', rows: below(20), bytes: 900, us: 412,
        ...(failed && { code: CODES[below(CODES.length)] ?? '' }),
      }
    }
    yield { v: 1, event: 'session.closed', at: Math.floor(at + 1), session: id, reason: 'the client ended it', operations: size, refused: 0 }
    done += size
  }
}

function statement(action: string, table: string, below: (limit: number) => number): string {
  const id = below(10_000_000)
  const note = below(500) === 0 ? ` /* refund ${below(5) === 0 ? 'after chargeback' : 'asked'} */` : ''
  switch (action) {
    case 'select':
      return `select c.id, c.name, c.city, t.status, t.total from ${table} t join customers c on c.id = t.customer_id where t.id = ${id} and t.status = 'st${below(60)}' order by placed_at desc limit 20${note}`
    case 'insert':
      return `insert into ${table} (id, status, note) values (${id}, 'st${below(60)}', 'n${below(100_000)}')${note}`
    case 'update':
      return `update ${table} set status = 'st${below(60)}', changed_by = 'u${below(3_000)}' where id = ${id}${note}`
    default:
      return `delete from ${table} where id = ${id} and region = 'r${below(200)}'${note}`
  }
}

/** mulberry32: a seed gives the same load every time. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
