import './tabs.css'
import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

export interface TabEntry {
  readonly value: string
  readonly label: string
  readonly panel: ReactNode
}

/** Several views of one thing. Keep `value` in the URL, so that a link leads to the same view. */
export const Tabs = ({
  label,
  tabs,
  value,
  onChange,
}: {
  readonly label: string
  readonly tabs: readonly TabEntry[]
  readonly value: string
  readonly onChange: (value: string) => void
}) => (
  <Base.Root value={value} onValueChange={(next) => onChange(String(next))}>
    <Base.List className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Base.Tab key={tab.value} value={tab.value} className="tab">
          {tab.label}
        </Base.Tab>
      ))}
    </Base.List>
    {tabs.map((tab) => (
      <Base.Panel key={tab.value} value={tab.value} className="tab-panel">
        {tab.panel}
      </Base.Panel>
    ))}
  </Base.Root>
)
