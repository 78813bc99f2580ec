import type * as contract from '@sallyport/contract'

/** Names of the contract's schemas: each becomes a component of the OpenAPI document. */
export type SchemaName = { [Name in keyof typeof contract]: (typeof contract)[Name] extends { safeParse: unknown } ? Name : never }[keyof typeof contract]

/** A body, of a request or an answer. `lines`: newline-delimited JSON, each line of that schema; `example` is one of them. `live`: the same, or server-sent events. */
export type DescribedBody =
  | { readonly kind: 'json' | 'form' | 'lines' | 'live'; readonly schema: SchemaName; readonly example: unknown }
  | { readonly kind: 'text'; readonly type: string; readonly example: string }
  | { readonly kind: 'bytes'; readonly type: string }

export interface DescribedRoute {
  readonly method: 'get' | 'post' | 'delete'
  /** With `{name}` where a part of it varies. */
  readonly path: string
  /** Names it among all of them, for clients that are made from the document. */
  readonly id: string
  readonly summary: string
  /** Who may, in words. */
  readonly who: string
  /** For anybody, without a token. */
  readonly open?: true
  readonly query?: SchemaName
  /** Parameters of a query that has no schema of its own, with what they mean. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly body?: DescribedBody
  readonly status?: number
  readonly answer?: DescribedBody
  /** Other statuses than `status` that are no error, with what they mean. */
  readonly also?: Readonly<Record<number, string>>
}

export interface RouteGroup {
  readonly name: string
  readonly about: string
  readonly routes: readonly DescribedRoute[]
}

export const json = (schema: SchemaName, example: unknown): DescribedBody => ({ kind: 'json', schema, example })
export const form = (schema: SchemaName, example: unknown): DescribedBody => ({ kind: 'form', schema, example })
export const lines = (schema: SchemaName, example: unknown): DescribedBody => ({ kind: 'lines', schema, example })
export const live = (schema: SchemaName, example: unknown): DescribedBody => ({ kind: 'live', schema, example })
export const text = (type: string, example: string): DescribedBody => ({ kind: 'text', type, example })
