import './code-block.css'
import { CopyButton } from './copy-button.tsx'

/** Text to be copied: a snippet, a command, JSON. `what` names it. */
export const CodeBlock = ({ code, what }: { readonly code: string; readonly what: string }) => (
  <figure className="code-block">
    <figcaption className="code-block-head">
      {what}
      <CopyButton text={code} what={what} size="small" />
    </figcaption>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
    <pre tabIndex={0}>
      <code>{code}</code>
    </pre>
  </figure>
)

/** What an answer holds, as it came. */
export const RawJson = ({ value }: { readonly value: unknown }) => (
  <CodeBlock code={JSON.stringify(value, null, 2)} what="Raw JSON" />
)
