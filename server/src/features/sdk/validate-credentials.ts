import { jsonReply, type Received, type Reply } from '../../http/route.ts'
import { InvalidRequest, Unauthenticated } from '../../kernel/errors.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../kernel/json.ts'
import type { ProjectDirectory } from '../../kernel/project.ts'

export interface ValidateCredentialsDeps {
  readonly projects: ProjectDirectory
  readonly projectIdOfSecret: (secret: string) => Promise<number | null>
}

/**
 * CLIENTS A5: `{"api_secret","project_token"}`, asked before a pipeline is connected. 200 when both are of one project,
 * else 401. It is asked at the US host for projects of every region, and tells nothing that the caller did not bring.
 */
export const createValidateCredentials =
  ({ projects, projectIdOfSecret }: ValidateCredentialsDeps) =>
  async ({ body }: Received): Promise<Reply> => {
    const sent = jsonOf(body)
    const [secret, token] = [textOf(sent, 'api_secret'), textOf(sent, 'project_token')]
    const [projectId, project] = await Promise.all([projectIdOfSecret(secret), projects.byToken(token)])
    if (project === null || project.id !== projectId) throw new Unauthenticated('Invalid credentials')
    return jsonReply(200, { status: 'ok', results: { valid: true } })
  }

/** JSON whatever its media type: it comes as text/plain. */
const jsonOf = (body: Buffer): JsonValue => {
  try {
    return parseJson(body.toString('utf8'))
  } catch {
    throw new InvalidRequest('the body must be a JSON object')
  }
}

const textOf = (sent: JsonValue, name: string): string => {
  const value = isJsonObject(sent) ? sent[name] : undefined
  if (typeof value !== 'string' || value === '') throw new InvalidRequest(`${name} must be a text that is not empty`)
  return value
}
