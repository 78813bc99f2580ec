declare module 'asciinema-player' {
  export interface Player {
    dispose(): void
  }
  export function create(source: string, place: HTMLElement, options: Readonly<Record<string, unknown>>): Player
}
