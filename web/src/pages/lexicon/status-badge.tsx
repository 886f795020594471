import type { LexiconStatus } from '../../api/lexicon.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'

const tones: Readonly<Record<LexiconStatus, Tone>> = {
  visible: 'good',
  hidden: 'plain',
  pending: 'warn',
  blocked: 'danger',
  merged: 'accent',
}

export const StatusBadge = ({ status }: { readonly status: LexiconStatus }) => (
  <Badge tone={tones[status]}>{status}</Badge>
)
