import { CodeBlock } from './code-block.tsx'

export interface AsCurlProps {
  readonly method?: string
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** Host of the call; default: the one of this page. */
  readonly origin?: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The same call for a terminal; the credential is the reader's own service account. */
export const curlOf = ({ method = 'GET', path, body, origin = window.location.origin }: AsCurlProps): string =>
  [
    `curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(`${origin}${path}`)}`,
    `  --user "$LETHE_ACCOUNT:$LETHE_SECRET"`,
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
