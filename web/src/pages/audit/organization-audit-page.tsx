import { useMe } from '../../api/session.ts'
import { useOrganizationId } from '../../shell/place.ts'
import { NotFoundPage } from '../not-found-page.tsx'
import { isAdmin } from '../organizations/roles.ts'
import { AuditLog } from './audit-log.tsx'

/** Everything that happened in an organization and its projects. */
export const Page = () => {
  const id = useOrganizationId()
  const isIn = isAdmin(useMe().organizations[String(id)]?.role)
  return isIn ? <AuditLog owner={{ kind: 'organizations', id }} /> : <NotFoundPage />
}
