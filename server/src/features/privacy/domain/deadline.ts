import { dayMs } from '../../../kernel/time.ts'
import type { ComplianceType } from './task.ts'

// Cal. Civ. Code §1798.130(a)(2): 45 days.
const ccpaDays = 45

/**
 * Until when the law wants an answer: one month after the request (GDPR Art. 12(3); a month that is too short ends on
 * its last day), or 45 days (CCPA).
 */
export const deadlineOf = (requestedAtMs: number, complianceType: ComplianceType): number => {
  if (complianceType === 'ccpa') return requestedAtMs + ccpaDays * dayMs
  const asked = new Date(requestedAtMs)
  const due = new Date(requestedAtMs)
  due.setUTCMonth(asked.getUTCMonth() + 1)
  // 31 January + 1 month is in March by the calendar of JavaScript.
  if (due.getUTCDate() !== asked.getUTCDate()) due.setUTCDate(0)
  return due.getTime()
}
