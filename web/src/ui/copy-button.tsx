import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { announce } from './live-region.tsx'

export interface CopyButtonProps {
  readonly text: string
  /** Names it: "Copy token". */
  readonly what: string
  /** Where "Copy" alone would not say enough. */
  readonly label?: string
  readonly size?: 'small'
}

/** Puts `text` on the clipboard and says so. */
export const CopyButton = ({ text, what, label, size }: CopyButtonProps) => {
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
    <Button
      {...(size === undefined ? {} : { size })}
      onClick={copy}
      aria-label={label === undefined ? `Copy ${what}` : undefined}
    >
      {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select and copy it' : (label ?? 'Copy')}
    </Button>
  )
}

/** Browsers give the clipboard to pages over TLS and of loopback only. */
const write = async (text: string): Promise<void> => {
  if (navigator.clipboard === undefined) throw new Error('no clipboard here')
  await navigator.clipboard.writeText(text)
}
