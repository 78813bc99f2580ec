/** The port to the data keys under which each session's segments are sealed. A destroyed key is gone for good. */
export interface RecordingKeys {
  /** Makes the session's data key, 32 random bytes, and keeps it sealed under the master key. */
  create(session: string): Promise<Buffer>
  /** Undefined once it is destroyed, or where none was made. */
  reveal(session: string): Promise<Buffer | undefined>
  /** Unix milliseconds; undefined while there is a key, or where none was made. */
  destroyedAtMs(session: string): Promise<number | undefined>
}
