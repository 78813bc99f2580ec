import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/** One import as it is written: statically, dynamically, of types or of values, or as a re-export. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

export interface SourceFile {
  /** Below the repository's root, with `/`. */
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
}

/**
 * Every import of a module.
 * @throws Error when the text does not parse, or imports what cannot be read from it
 */
export function importsOf(path: string, text: string): Import[] {
  const { program, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  const imports: Import[] = []
  const add = (source: { type: string; value?: unknown; start: number } | null) => {
    if (source === null) return
    if (typeof source.value !== 'string') throw new Error(`${path}: an import of something else than a string`)
    imports.push({ specifier: source.value, line: text.slice(0, source.start).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    TSExternalModuleReference: ({ expression }) => add(expression),
  }).visit(program)
  return imports
}

/** Reads every TypeScript file below the folders. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.split(sep).includes('node_modules'))
      .map((file) => {
        const path = join(folder, file).replaceAll(sep, '/')
        const text = readFileSync(join(root, path), 'utf8')
        return { path, lines: text.split('\n').length - 1, imports: importsOf(path, text) }
      }))
}

/** The file of this repository that a relative import means, or undefined for a package. */
export function importedFile(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return relative('.', join(dirname(from), specifier)).replaceAll(sep, '/')
}

/** The first cycle among the files, as the paths along it, or undefined. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const edges = new Map(files.map(({ path, imports }) =>
    [path, imports.flatMap(({ specifier }) => importedFile(path, specifier) ?? [])]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path])
      if (cycle !== undefined) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const { path } of files) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
