import '../events/events.css'
import type { MyProject } from '../../api/session.ts'
import { ClassifiedPanel } from './classified-panel.tsx'
import { GroupKeysPanel } from './group-keys-panel.tsx'
import { LookupTablesPanel } from './lookup-tables-panel.tsx'
import { RetentionPanel } from './retention-panel.tsx'
import { SessionsPanel } from './sessions-panel.tsx'
import { SettingsFrame } from './settings-frame.tsx'

export const Page = () => <SettingsFrame page="settingsData">{(mine) => <Data mine={mine} />}</SettingsFrame>

const Data = ({ mine: { id, permissions } }: { readonly mine: MyProject }) => (
  <>
    <RetentionPanel projectId={id} />
    <SessionsPanel projectId={id} />
    <GroupKeysPanel projectId={id} />
    {permissions.includes('classified:mark') ? <ClassifiedPanel projectId={id} /> : null}
    {permissions.includes('lookup-tables:manage') ? <LookupTablesPanel projectId={id} /> : null}
  </>
)
