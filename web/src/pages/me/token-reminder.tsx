import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { gdprTokensQuery, liveToken } from '../../api/gdpr-tokens.ts'
import { pathTo } from '../../page-paths.ts'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'

const remindMs = 30 * 86_400_000

/** In the last month of one's privacy token: what uses it would stop without a word. */
export const TokenReminder = () => {
  const tokens = useQuery(gdprTokensQuery).data ?? []
  const live = liveToken(tokens, Date.now())
  if (live === null || Date.parse(live.expires) - Date.now() > remindMs) return null
  return (
    <Note tone="warn" title="Your privacy token ends soon">
      <span>
        It ends <Time at={live.expires} show="age" />. Scripts that use it will be refused from then on.{' '}
        <Link to={pathTo('myDataPrivacy')}>Generate a new one</Link>
      </span>
    </Note>
  )
}
