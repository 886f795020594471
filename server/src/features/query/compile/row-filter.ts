import type { Project } from '../../../kernel/project.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { type ClassifiedNames, rawReadView } from '../read-view.ts'
import { createEventContext, userJoin } from './event-source.ts'
import { compileFilter } from './expression.ts'
import { createBinder } from './sql-context.ts'

/**
 * `where` of a raw export (EXP-01) over rows of `visibleEventsSql('everybody', joins)`. Throws InvalidRequest, with the
 * place in the text, for what is no expression; ClassifiedProperty for one that the caller may not see.
 */
export const compileRowFilter = (
  scope: ProjectScope,
  project: Project,
  where: string,
  nowMs: number,
  classified: ClassifiedNames,
) => {
  const view = rawReadView({ scope, project, nowMs }, classified)
  const binder = createBinder(view)
  const context = createEventContext(view, binder)
  const condition = compileFilter(parseExpression(where), context)
  return { joins: userJoin(binder, context), condition: `(${condition})`, params: binder.params }
}
