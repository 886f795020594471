import type { PrivacyRequest } from '../../api/privacy.ts'
import { hasEnded } from '../../api/privacy.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Time } from '../../ui/time.tsx'
import { count } from '../../words/numbers.ts'

const dayMs = 86_400_000
const amberDays = 7

const toneOf = (leftMs: number): Tone => (leftMs < 0 ? 'danger' : leftMs <= amberDays * dayMs ? 'warn' : 'plain')

/** The clock to the legal deadline: amber in its last week. Once answered, how long that took. */
export const Deadline = ({ request, nowMs = Date.now() }: { request: PrivacyRequest; nowMs?: number }) => {
  const { deadline, finished_at: finishedAt, status } = request
  if (status === 'REVOKED') return <span className="muted">taken back</span>
  if (hasEnded(request) && finishedAt !== null) {
    const isInTime = Date.parse(finishedAt) <= Date.parse(deadline)
    return (
      <Badge tone={isInTime && status === 'SUCCESS' ? 'good' : 'danger'}>
        {status === 'FAILURE' ? 'not answered' : isInTime ? 'in time' : 'late'}
      </Badge>
    )
  }
  const leftMs = Date.parse(deadline) - nowMs
  const days = Math.floor(Math.abs(leftMs) / dayMs)
  return (
    <span className="row">
      <Badge tone={toneOf(leftMs)}>{leftMs < 0 ? `${count(days, 'day')} late` : `${count(days, 'day')} left`}</Badge>
      <Time at={deadline} show="day" />
    </span>
  )
}
