import { once } from 'node:events'

/** Writes to standard output and waits while it takes no more: a long answer is not piled up in memory. */
export async function writeOut(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
}
