/** Where every applied version of the policy document is kept. */
export interface PolicyVersions {
  /**
   * Keeps `text` as the version after the newest one and returns its number, from 1 upwards without gaps. When the
   * newest version has the very same text, nothing is added and its number is returned, so that a restart with an
   * unchanged document makes no new version. Two gateways that append at once get different numbers.
   * @param appliedBy who applied it, for the record; holds no secret
   * @param after the version that `text` was made of: nothing is kept unless that is the newest still
   * @throws PolicyMoved when it is not
   */
  append(text: string, appliedBy: string, after?: number): Promise<number>
  /** Number of the newest; 0 when there is none. */
  newestNumber(): Promise<number>
  newest(): Promise<{ readonly version: number; readonly text: string } | undefined>
}

/** Another version was applied meanwhile: what was to be changed is not what is in force. */
export class PolicyMoved extends Error {
  override readonly name = 'PolicyMoved'
  readonly newest: number
  constructor(newest: number) {
    super(`version ${newest} of the policy was applied meanwhile`)
    this.newest = newest
  }
}
