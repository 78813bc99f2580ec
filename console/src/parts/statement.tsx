import { plainText } from './plain-text.ts'

const WORDS = new Set(('select insert update delete from where set values into join left right inner outer full cross on using group by order having limit offset union all '
  + 'except intersect with as and or not null is in like between exists case when then else end create alter drop truncate table view index grant revoke begin commit rollback '
  + 'copy to returning distinct explain analyze execute prepare declare fetch cascade sudo rm mv cp dd chmod chown kill systemctl curl wget sh bash').split(' '))

/** Colours help the eye; they decide nothing, and change no character. */
const TOKEN = /('(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|\b\d+(?:\.\d+)?\b|[A-Za-z_][A-Za-z0-9_]*)/

/** A statement or command as its agent wrote it. */
export function Statement({ text, truncated = false }: { readonly text: string; readonly truncated?: boolean }) {
  const parts = plainText(text).split(TOKEN)
  return (
    <pre className="statement" tabIndex={0} aria-label="statement">
      {parts.map((part, index) => {
        const kind = index % 2 === 0 ? undefined : /^['"\d]/.test(part) ? 'literal' : WORDS.has(part.toLowerCase()) ? 'keyword' : undefined
        // The parts of one text never change places.
        return kind === undefined ? part : <span key={index} className={kind}>{part}</span>
      })}
      {truncated && ' … (cut: the ledger holds its beginning and a digest of the whole)'}
    </pre>
  )
}
