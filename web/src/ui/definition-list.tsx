import './definition-list.css'
import type { ReactNode } from 'react'

/** Names and values of one thing. */
export const DefinitionList = ({ entries }: { readonly entries: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="definitions">
    {entries.map(([name, value]) => (
      // A pair of fragments would need keys of their own.
      <DefinitionPair key={name} name={name} value={value} />
    ))}
  </dl>
)

const DefinitionPair = ({ name, value }: { readonly name: string; readonly value: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </>
)
