import { hasEnded, type PrivacyRequest } from '../../api/privacy.ts'
import type { Tone } from '../../ui/badge.tsx'
import { count } from '../../words/numbers.ts'

export interface Clock {
  readonly tone: Tone
  readonly words: string
  /** Still running: the day it ends is worth showing. */
  readonly isRunning: boolean
}

const dayMs = 86_400_000
const amberMs = 7 * dayMs

/** The clock to the legal deadline: amber in its last week, red past it; once there is an answer, whether it came in time. */
export const clockOf = (request: PrivacyRequest, nowMs: number): Clock => {
  const { deadline, finished_at: finishedAt, status } = request
  if (status === 'REVOKED') return { tone: 'plain', words: 'taken back', isRunning: false }
  if (status === 'FAILURE') return { tone: 'danger', words: 'not answered', isRunning: true }
  if (hasEnded(request) && finishedAt !== null) {
    const isInTime = Date.parse(finishedAt) <= Date.parse(deadline)
    return { tone: isInTime ? 'good' : 'danger', words: isInTime ? 'in time' : 'late', isRunning: false }
  }
  const leftMs = Date.parse(deadline) - nowMs
  const days = Math.ceil(Math.abs(leftMs) / dayMs)
  if (leftMs < 0) return { tone: 'danger', words: `${count(days, 'day')} late`, isRunning: true }
  return { tone: leftMs <= amberMs ? 'warn' : 'plain', words: `${count(days, 'day')} left`, isRunning: true }
}
