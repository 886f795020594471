import './badge.css'
import type { ReactNode } from 'react'
import { regionName } from '../words/regions.ts'

export type Tone = 'plain' | 'good' | 'warn' | 'danger' | 'accent'

/** A state in a word or two. The word says it; the colour only helps. */
export const Badge = ({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) => (
  <span className="badge" data-tone={tone}>
    {children}
  </span>
)

/** Where a project's data is. */
export const RegionBadge = ({ region }: { readonly region: string }) => (
  <span className="badge" data-region={region} title={`The data stays in region ${regionName(region)}`}>
    <span className="for-screen-readers">Region </span>
    {region}
  </span>
)
