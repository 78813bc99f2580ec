/** Equal for names that people take for the same: letters' case and ways to write a letter aside. */
export function nameKey(name: string): string {
  // Upper case first: letters such as ß and ſ are equal to others only there.
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}
