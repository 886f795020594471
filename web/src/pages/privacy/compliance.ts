import type { ComplianceType } from '../../api/privacy.ts'

export const complianceChoices: readonly {
  readonly value: ComplianceType
  readonly label: string
  readonly hint: string
}[] = [
  { value: 'GDPR', label: 'GDPR', hint: 'To be answered within one month.' },
  { value: 'CCPA', label: 'CCPA', hint: 'To be answered within 45 days.' },
]
