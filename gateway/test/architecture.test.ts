import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { findCycle, type Import, importedFile, importsOf, readSources, type SourceFile } from './import-graph.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAX_LINES = 400

interface Area {
  readonly name: string
  /** Paths that belong to it. The first area that matches a path is its own. */
  readonly files: RegExp
  /** Names of the areas it may import besides itself; `*` is any. */
  readonly mayImport: readonly string[]
}

/** The table of ARCHITECTURE.md. */
const AREAS: readonly Area[] = [
  { name: 'bytes', files: /^gateway\/src\/bytes\//, mayImport: [] },
  { name: 'governance', files: /^gateway\/src\/governance\//, mayImport: [] },
  { name: 'sql', files: /^gateway\/src\/sql\//, mayImport: ['governance', 'bytes'] },
  { name: 'shell', files: /^gateway\/src\/shell\//, mayImport: ['governance', 'bytes'] },
  { name: 'protocol-adapter', files: /^gateway\/src\/protocols\/[^/]+$/, mayImport: ['governance', 'bytes'] },
  { name: 'protocols/*/wire', files: /^gateway\/src\/protocols\/([^/]+)\/wire\//, mayImport: ['bytes'] },
  {
    name: 'protocols/*', files: /^gateway\/src\/protocols\/([^/]+)\//,
    mayImport: ['protocols/*/wire', 'protocol-adapter', 'governance', 'sql', 'shell', 'bytes'],
  },
  { name: 'identity', files: /^gateway\/src\/identity\//, mayImport: ['governance', 'contract'] },
  { name: 'storage', files: /^gateway\/src\/storage\//, mayImport: ['governance', 'contract', 'vault port'] },
  { name: 'ledger', files: /^gateway\/src\/ledger\//, mayImport: ['governance', 'contract', 'bytes'] },
  { name: 'webhooks', files: /^gateway\/src\/webhooks\//, mayImport: ['governance', 'contract'] },
  { name: 'indexing', files: /^gateway\/src\/indexing\//, mayImport: ['governance', 'storage', 'ledger'] },
  { name: 'vault port', files: /^gateway\/src\/vault\/vault-store\.ts$/, mayImport: [] },
  { name: 'vault', files: /^gateway\/src\/vault\//, mayImport: ['vault port', 'governance', 'contract'] },
  { name: 'api', files: /^gateway\/src\/api\//, mayImport: ['governance', 'contract'] },
  { name: 'config', files: /^gateway\/src\/config\//, mayImport: ['protocol-adapter', 'governance', 'contract'] },
  { name: 'composition root', files: /^gateway\/src\/[^/]+$/, mayImport: ['*'] },
  { name: 'contract', files: /^contract\//, mayImport: [] },
  { name: 'cli', files: /^cli\//, mayImport: ['contract', 'gateway entry points'] },
  { name: 'console', files: /^console\//, mayImport: ['contract'] },
  { name: 'demo', files: /^demo\//, mayImport: ['contract', 'gateway entry points'] },
  { name: 'bench', files: /^bench\//, mayImport: ['*'] },
  { name: 'tests', files: /^gateway\/test\//, mayImport: ['*'] },
]

const OUTSIDE_WORLD = /^(node:)?(net|tls|https?|http2|dgram|dns|fs|child_process|worker_threads|sqlite)(\/|$)|^(pg|kysely|hono|pino)(\/|$)/

const sources = readSources(ROOT, ['gateway', 'contract', 'cli', 'demo', 'bench'])
const product = sources.filter(({ path }) => !path.endsWith('.test.ts'))

function areaOf(path: string): Area {
  const area = AREAS.find(({ files }) => files.test(path))
  if (area === undefined) throw new Error(`${path} belongs to no part of the architecture; add its folder to the table`)
  return area
}

/** The part of the gateway that an import means: undefined for a package from outside. */
function importedArea(from: string, { specifier }: Import): string | undefined {
  if (specifier === '@sallyport/contract') return 'contract'
  if (specifier.startsWith('@sallyport/gateway/')) return 'gateway entry points'
  const file = importedFile(from, specifier)
  return file === undefined ? undefined : areaOf(file).name
}

/** Words for an import that the table does not allow, or undefined. */
function violation(path: string, imported: Import): string | undefined {
  const from = areaOf(path)
  const to = importedArea(path, imported)
  if (to === undefined || from.mayImport.includes('*')) return undefined
  const sameProtocol = protocolOf(path) === protocolOf(importedFile(path, imported.specifier) ?? '')
  if ((to === from.name || from.mayImport.includes(to)) && (sameProtocol || !to.startsWith('protocols/'))) return undefined
  return `${path}:${imported.line}: ${from.name} may not import ${to} (${imported.specifier})`
}

function protocolOf(path: string): string | undefined {
  return /^gateway\/src\/protocols\/([^/]+)\//.exec(path)?.[1]
}

test('every part imports only what the architecture allows it', () => {
  assert.deepEqual(product.flatMap(({ path, imports }) => imports.flatMap((one) => violation(path, one) ?? [])), [])
})

test('what decides and what reads bytes touches no socket, file, process or database', () => {
  const pure = product.filter(({ path }) => ['bytes', 'governance', 'sql', 'protocols/*/wire'].includes(areaOf(path).name))
  assert.deepEqual(pure.flatMap(({ path, imports }) => imports.flatMap(({ specifier, line }) =>
    OUTSIDE_WORLD.test(specifier) ? [`${path}:${line}: ${specifier}`] : [])), [])
})

test('the check sees the tree: every part that is written has files, and they import each other', () => {
  const seen = new Set(product.map(({ path }) => areaOf(path).name))
  for (const name of ['bytes', 'governance', 'sql', 'protocol-adapter', 'protocols/*/wire', 'protocols/*', 'identity', 'storage',
    'ledger', 'vault', 'config', 'composition root', 'contract', 'cli', 'demo']) assert.ok(seen.has(name), `no file of ${name} was found`)
  const between = product.flatMap(({ path, imports }) => imports.filter((one) => {
    const to = importedArea(path, one)
    return to !== undefined && to !== areaOf(path).name
  }))
  assert.ok(between.length > 50, `only ${between.length} imports between parts were found`)
})

test('no files import each other in a circle', () => {
  assert.equal(findCycle(sources)?.join(' → '), undefined)
})

test(`no source file has more than ${MAX_LINES} lines`, () => {
  assert.deepEqual(product.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path}: ${lines}`), [])
})

test('every relative import names a file that is there', () => {
  const missing = sources.flatMap(({ path, imports }) => imports.flatMap(({ specifier, line }) => {
    const file = importedFile(path, specifier)
    return file === undefined || existsSync(join(ROOT, file)) ? [] : [`${path}:${line}: ${specifier}`]
  }))
  assert.deepEqual(missing, [])
})

for (const [path, specifier, allowed] of [
  ['gateway/src/bytes/a.ts', '../governance/b.ts', false],
  ['gateway/src/governance/a.ts', '../bytes/b.ts', false],
  ['gateway/src/governance/policy/a.ts', '../decision.ts', true],
  ['gateway/src/governance/a.ts', '@sallyport/contract', false],
  ['gateway/src/sql/a.ts', '../protocols/postgres/b.ts', false],
  ['gateway/src/protocols/postgres/wire/a.ts', '../../../bytes/b.ts', true],
  ['gateway/src/protocols/postgres/wire/a.ts', '../session.ts', false],
  ['gateway/src/protocols/postgres/wire/a.ts', '../../../governance/b.ts', false],
  ['gateway/src/protocols/postgres/a.ts', './wire/b.ts', true],
  ['gateway/src/protocols/postgres/a.ts', '../ssh/b.ts', false],
  ['gateway/src/protocols/postgres/a.ts', '../ssh/wire/b.ts', false],
  ['gateway/src/protocols/postgres/wire/a.ts', '../../ssh/wire/b.ts', false],
  ['gateway/src/protocols/postgres/a.ts', '../../storage/b.ts', false],
  ['gateway/src/protocols/protocol-adapter.ts', './postgres/b.ts', false],
  ['gateway/src/api/a.ts', '../identity/b.ts', false],
  ['gateway/src/api/a.ts', '@sallyport/contract', true],
  ['gateway/src/config/a.ts', '../protocols/protocol-adapter.ts', true],
  ['gateway/src/main.ts', './storage/b.ts', true],
  ['cli/src/a.ts', '@sallyport/contract', true],
  ['cli/src/a.ts', '../../gateway/src/main.ts', false],
  ['demo/a.ts', '../gateway/test/support/postgres.ts', false],
] as const) {
  test(`${path} ${allowed ? 'may' : 'may not'} import ${specifier}`, () => {
    assert.equal(violation(path, { specifier, line: 1 }) === undefined, allowed)
  })
}

test('imports are read by a parser: of types, in types, by re-export and dynamically, but not from strings and comments', () => {
  const text = `import type { A } from './a.ts'
export * from './b.ts'
export { c } from './c.ts'
const d = await import('./d.ts')
type E = import('./e.ts').E
const no = "import no from './no.ts'" // import './no.ts'
import './f.ts'
`
  assert.deepEqual(importsOf('x.ts', text), ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) =>
    ({ specifier: `./${name}.ts`, line: index < 5 ? index + 1 : 7 })))
  assert.throws(() => importsOf('x.ts', 'await import(name)'), /something else than a string/)
  assert.throws(() => importsOf('x.ts', 'import {'), /x\.ts/)
})

test('a circle of imports is found, however long', () => {
  const file = (path: string, ...specifiers: string[]): SourceFile =>
    ({ path, lines: 1, imports: specifiers.map((specifier) => ({ specifier, line: 1 })) })
  assert.deepEqual(findCycle([file('x/a.ts', './b.ts'), file('x/b.ts', '../c.ts'), file('c.ts', './x/a.ts')]),
    ['x/a.ts', 'x/b.ts', 'c.ts', 'x/a.ts'])
  assert.equal(findCycle([file('a.ts', './b.ts', './c.ts'), file('b.ts', './c.ts'), file('c.ts')]), undefined)
})

test('a file of no known part is an error, not a gap', () => {
  assert.throws(() => areaOf('gateway/src/helpers/a.ts'), /belongs to no part/)
})
