import type { Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { Who } from './store/lexicon-change.ts'

// 4,000 events and properties a minute, each with a few sentences.
export const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 16 * 1_024 * 1_024 } as const
export const accepts = ['service-account', 'session'] satisfies CredentialKind[]
export const lexiconPath = '/api/app/projects/:projectId/lexicon'
export const noStore = { 'Cache-Control': 'no-store' }

export const whoOf = ({ principal, project, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  organizationId: project.organizationId,
  requestId,
})
