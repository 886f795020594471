import type { Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { assert } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Creator, Who } from './store/postgres-definition-store.ts'

/** What is saved belongs to people who log in and to service accounts; annotations of old scripts to the project's secret. */
export const creatorOf = (principal: Principal): Creator => {
  if (principal.kind === 'service-account') {
    return { type: 'service_account', id: principal.id, name: principal.username }
  }
  if (principal.kind === 'project-secret') return { type: 'project_secret', id: principal.projectId, name: '' }
  assert(principal.kind === 'session', 'definitions are saved by people who log in and by service accounts')
  return { type: 'user', id: principal.userId, name: principal.email }
}

export const whoOf = ({ principal, project, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  creator: creatorOf(principal),
  organizationId: project.organizationId,
  requestId,
})
