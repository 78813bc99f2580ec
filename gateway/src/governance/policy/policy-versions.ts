/** Where every applied version of the policy document is kept. */
export interface PolicyVersions {
  /**
   * Keeps `text` as the version after the newest one and returns its number, from 1 upwards without gaps. When the
   * newest version has the very same text, nothing is added and its number is returned, so that a restart with an
   * unchanged document makes no new version. Two gateways that append at once get different numbers.
   * @param appliedBy who applied it, for the record; holds no secret
   */
  append(text: string, appliedBy: string): Promise<number>
  newest(): Promise<{ readonly version: number; readonly text: string } | undefined>
}
