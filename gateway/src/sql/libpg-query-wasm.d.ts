/** The Emscripten factory inside the package, which its index makes only one instance of and keeps for ever. */
declare module 'libpg-query/wasm/libpg-query.js' {
  /** Pointers are numbers; a parse result is three of them: tree, stderr text, error. */
  export interface ParserInstance {
    _malloc(bytes: number): number
    _free(pointer: number): void
    _wasm_parse_query_raw(text: number): number
    _wasm_free_parse_result(result: number): void
    getValue(pointer: number, type: 'i32'): number
    UTF8ToString(pointer: number): string
    stringToUTF8(text: string, pointer: number, maxBytes: number): void
    lengthBytesUTF8(text: string): number
  }
  export default function createInstance(): Promise<ParserInstance>
}
