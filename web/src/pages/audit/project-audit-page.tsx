import { useMe } from '../../api/session.ts'
import { useProjectId } from '../../shell/place.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { AuditLog } from './audit-log.tsx'

/** What happened in a project, for whoever may read its log: also by a custom role. */
export const Page = () => {
  const id = useProjectId()
  const isIn = useMe().projects[String(id)]?.permissions.includes('audit:read') === true
  return isIn ? <AuditLog owner={{ kind: 'projects', id }} /> : <NotFoundPage />
}
