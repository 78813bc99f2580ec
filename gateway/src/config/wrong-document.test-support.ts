/** A document with something wrong in it: name, text, and every problem as `LINE:COLUMN message`. */
export type WrongDocument = readonly [name: string, text: string, ...problems: string[]]
