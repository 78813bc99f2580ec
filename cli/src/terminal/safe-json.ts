import { STEERING } from './plain-text.ts'

/**
 * JSON in which every character that could steer a terminal is escaped: the same document for a program, harmless for a
 * person who looks at it.
 */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(STEERING, (char) =>
    Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''))
}
