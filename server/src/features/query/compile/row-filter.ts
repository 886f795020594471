import type { Project } from '../../../kernel/project.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { type ClassifiedNames, type CustomFacts, rawReadView } from '../read-view.ts'
import { createEventContext, eventJoins } from './event-source.ts'
import { compileFilter } from './expression.ts'
import { createBinder } from './sql-context.ts'

interface RowFilterFacts {
  readonly classified: ClassifiedNames
  readonly custom: CustomFacts
}

/**
 * `where` of a raw export (EXP-01) over rows of `visibleEventsSql('everybody', joins)`. Throws InvalidRequest, with the
 * place in the text, for what is no expression; ClassifiedProperty for one that the caller may not see.
 */
export const compileRowFilter = (
  scope: ProjectScope,
  project: Project,
  where: string,
  nowMs: number,
  { classified, custom }: RowFilterFacts,
) => {
  const view = rawReadView({ scope, project, nowMs }, classified, custom)
  const binder = createBinder(view)
  const context = createEventContext(view, binder)
  const condition = compileFilter(parseExpression(where), context)
  return { joins: eventJoins(view, binder, context, null), condition: `(${condition})`, params: binder.params }
}
