import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { announce } from './live-region.tsx'

/** Puts `text` on the clipboard and says so. `what` names it: "Copy token". */
export const CopyButton = ({ text, what, size }: { text: string; what: string; size?: 'small' }) => {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), 2_000)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = () => {
    write(text).then(
      () => {
        setOutcome('copied')
        announce(`${what} copied`)
      },
      () => setOutcome('failed'),
    )
  }
  return (
    <Button {...(size === undefined ? {} : { size })} onClick={copy} aria-label={`Copy ${what}`}>
      {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select and copy it' : 'Copy'}
    </Button>
  )
}

/** Browsers give the clipboard to pages over TLS and of loopback only. */
const write = async (text: string): Promise<void> => {
  if (navigator.clipboard === undefined) throw new Error('no clipboard here')
  await navigator.clipboard.writeText(text)
}
