import type { PrivacyRequest } from '../../api/privacy.ts'
import { Badge } from '../../ui/badge.tsx'
import { Time } from '../../ui/time.tsx'
import { clockOf } from './clock.ts'

/** How long the law still gives, and until when. */
export const Deadline = ({ request }: { readonly request: PrivacyRequest }) => {
  const { tone, words, isRunning } = clockOf(request, Date.now())
  return (
    <span className="row">
      <Badge tone={tone}>{words}</Badge>
      {isRunning ? <Time at={request.deadline} show="day" /> : null}
    </span>
  )
}
