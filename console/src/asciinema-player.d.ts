declare module 'asciinema-player' {
  export interface Player {
    dispose(): void
  }
  /** Tells the player what happens; of its events those that are used here. */
  export interface Dispatch {
    (event: 'play' | 'playing'): void
    (event: 'output', text: string): void
    (event: 'resize', size: { readonly cols: number; readonly rows: number }): void
    (event: 'reset', first: { readonly size: { readonly cols: number; readonly rows: number } }): void
    (event: 'ended' | 'offline', why: { readonly message: string }): void
  }
  export type Driver = (player: { readonly dispatch: Dispatch }) => { play(): boolean; stop(): void }
  export function create(source: Driver | { data(): Promise<string> }, place: HTMLElement, options: Readonly<Record<string, unknown>>): Player
}
