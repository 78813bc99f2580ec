/**
 * Every whole signed note in the text of a file anchor, oldest first; what a crash left incomplete is left out. All of
 * them count, not the last alone: whoever rewrites a log can have its gateway add a checkpoint of the new one behind.
 */
export function anchoredNotes(text: string): string[] {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph !== '')
  return paragraphs.flatMap((paragraph, index) => {
    const body = paragraphs[index - 1]
    const isWhole = paragraph.startsWith(SIGNATURE) && body !== undefined && !body.startsWith(SIGNATURE)
    return isWhole ? [`${body}\n\n${paragraph.replace(/\n$/, '')}\n`] : []
  })
}

const SIGNATURE = '— '
