/**
 * Classes of the Open Cybersecurity Schema Framework, version 1.5.0 (https://schema.ocsf.io/1.5.0), with the activities
 * of each that the ledger's events are mapped to.
 */
export const OCSF_VERSION = '1.5.0'

const FINDINGS = { category_uid: 2, category_name: 'Findings' } as const
const IAM = { category_uid: 3, category_name: 'Identity & Access Management' } as const
const APPLICATION = { category_uid: 6, category_name: 'Application Activity' } as const

export interface OcsfClass {
  readonly category_uid: number
  readonly category_name: string
  readonly class_uid: number
  readonly class_name: string
  /** Caption by `activity_id`; 99 takes the source's own word. */
  readonly activities: Readonly<Record<number, string>>
}

export const DETECTION_FINDING = {
  ...FINDINGS, class_uid: 2004, class_name: 'Detection Finding', activities: { 1: 'Create', 2: 'Update', 3: 'Close' },
} as const satisfies OcsfClass

export const ACCOUNT_CHANGE = {
  ...IAM, class_uid: 3001, class_name: 'Account Change', activities: { 1: 'Create', 5: 'Disable', 6: 'Delete' },
} as const satisfies OcsfClass

export const AUTHENTICATION = {
  ...IAM, class_uid: 3002, class_name: 'Authentication', activities: { 1: 'Logon', 2: 'Logoff' },
} as const satisfies OcsfClass

export const ENTITY_MANAGEMENT = {
  ...IAM, class_uid: 3004, class_name: 'Entity Management',
  activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 11: 'Deactivate' },
} as const satisfies OcsfClass

export const APPLICATION_LIFECYCLE = {
  ...APPLICATION, class_uid: 6002, class_name: 'Application Lifecycle', activities: { 3: 'Start', 4: 'Stop' },
} as const satisfies OcsfClass

export const DATASTORE_ACTIVITY = {
  ...APPLICATION, class_uid: 6005, class_name: 'Datastore Activity',
  activities: { 0: 'Unknown', 2: 'Update', 4: 'Query', 6: 'Create', 7: 'Delete' },
} as const satisfies OcsfClass

export const SEVERITIES = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical' } as const
export const STATUSES = { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: 'Other' } as const
/** Of a finding. */
export const FINDING_STATUSES = { 1: 'New', 4: 'Resolved' } as const
