/** For a connection on which `standard_conforming_strings` is on. The text must hold no NUL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The text must hold no NUL, and at most 63 bytes: the server would cut the rest off. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
