import { useLocalStorage } from '@mantine/hooks'

export interface SavedSearch {
  /** What its maker calls it; the search itself until then. */
  readonly name: string
  readonly q: string
}

const MOST = 20
const MOST_OF_NAME = 80
const FIRST: readonly SavedSearch[] = ['decision:deny since:1d', 'action:update', 'since:1h'].map((q) => ({ name: q, q }))

/** Searches that one person keeps in this browser, the newest first, each once. */
export interface SavedSearches {
  readonly all: readonly SavedSearch[]
  has(q: string): boolean
  save(q: string): void
  rename(q: string, name: string): void
  remove(q: string): void
}

export function useSavedSearches(): SavedSearches {
  const [all, setAll] = useLocalStorage<readonly SavedSearch[]>({ key: 'sallyport.searches', defaultValue: FIRST, deserialize: readSaved })
  return {
    all,
    has: (q) => all.some((one) => one.q === q),
    save: (q) => setAll((before) => [{ name: q, q }, ...before.filter((one) => one.q !== q)].slice(0, MOST)),
    rename: (q, name) => setAll((before) => before.map((one) => (one.q === q ? { q, name: name.slice(0, MOST_OF_NAME) } : one))),
    remove: (q) => setAll((before) => before.filter((one) => one.q !== q)),
  }
}

/** What the browser kept; searches without a name were saved before there were names. What is no list counts as nothing kept. */
export function readSaved(text: string | undefined): readonly SavedSearch[] {
  const kept = parsed(text)
  if (!Array.isArray(kept)) return FIRST
  const searches = kept.map((one: unknown) => (typeof one === 'string' ? { name: one, q: one } : one)).filter(isSaved)
  return Array.from(new Map(searches.map(({ name, q }) => [q, { name, q }])).values()).slice(0, MOST)
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

function isSaved(value: unknown): value is SavedSearch {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'q' in value && typeof value.q === 'string' && value.q !== ''
}
