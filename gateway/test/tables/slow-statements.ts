const numbered = (count: number, item: (number: number) => string, between = ', '): string => Array.from({ length: count }, (_, at) => item(at)).join(between)

/** Texts that an analysis in the square of their length, or worse, would take seconds or all memory for. */
export const slowStatements: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'expressions that double at each level', sql: `with c0 as (select id as a, city as b from customers), ${numbered(40, (n) => `c${n + 1} as (select a as a, a || b || a as b from c${n})`)} select * from c40` },
  { name: 'columns that double', sql: `with c0 as (select * from customers), ${numbered(28, (n) => `c${n + 1} as (select x.*, y.* from c${n} x, c${n} y)`)} select 1 from c28` },
  { name: 'a WITH query read twice by each next', sql: `with c0 as (select id from customers), ${numbered(40, (n) => `c${n + 1} as (select (select max(id) from c${n}) + (select min(id) from c${n}) as id)`)} select id from c40` },
  { name: 'many tables and many columns of no table', sql: `select ${numbered(2_000, (n) => `nothing${n}`)} from ${numbered(2_000, (n) => `customers c${n}`)}` },
  { name: 'many tables and qualified columns', sql: `select ${numbered(8_000, (n) => `c${n}.city`)} from ${numbered(8_000, (n) => `customers c${n}`)}` },
  { name: 'a natural join of many', sql: `select 1 from ${numbered(1_500, (n) => `customers c${n}`, ' natural join ')}` },
  { name: 'a union of many', sql: numbered(10_000, () => 'select id from customers', ' union all ') },
  { name: 'a long list', sql: `select id from customers where id in (${numbered(120_000, String)})` },
  { name: 'many statements', sql: numbered(30_000, () => 'select id from orders', '; ') },
  { name: 'a long chain of conditions', sql: `select id from customers where ${numbered(40_000, (n) => `id = ${n}`, ' or ')}` },
]
