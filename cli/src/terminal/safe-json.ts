/**
 * JSON in which every character that could steer a terminal is escaped: the same document for a program, harmless for a
 * person who looks at it.
 */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(STEERING, (char) =>
    Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''))
}

/** What JSON.stringify leaves as it is: DEL, C1 controls, separators, private use, and what nobody sees or takes for a blank. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu
