import { CodeBlock } from './code-block.tsx'

export interface AsCurlProps {
  readonly method?: string
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** Whose call it is. Default: a service account's. */
  readonly credential?: keyof typeof credentials
  /** Host of the call; default: the one of this page. */
  readonly origin?: string
}

const credentials = {
  account: '--user "$LETHE_ACCOUNT:$LETHE_SECRET"',
  'privacy token': '--header "Authorization: Bearer $LETHE_PRIVACY_TOKEN"',
} as const

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The same call for a terminal; the credential is the reader's own service account. */
export const curlOf = ({
  method = 'GET',
  path,
  body,
  credential = 'account',
  origin = window.location.origin,
}: AsCurlProps): string =>
  [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(`${origin}${path}`)}`,
    `  ${credentials[credential]}`,
    ...(body === undefined
      ? []
      : [`  --header 'Content-Type: application/json'`, `  --data ${quoted(JSON.stringify(body))}`]),
  ].join(' \\\n')

/** What this page just asked: the API is the product, and the page its first client. */
export const AsCurl = (props: AsCurlProps) => (
  <details>
    <summary>Copy as curl</summary>
    <CodeBlock code={curlOf(props)} what="curl command" />
  </details>
)
